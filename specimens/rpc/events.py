"""Handlers of named events. Plain functions run at once, coroutine functions as tasks of the owner's background."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from specimens.rpc.background import Background

logger = logging.getLogger(__name__)
Handler = Callable[..., Any]


class Emitter:
    """Who wants to hear of what."""

    def __init__(self, background: Background) -> None:
        self._handlers: dict[str, list[Handler]] = {}
        self._background = background

    def on(self, name: str, handler: Handler) -> None:
        self._handlers.setdefault(name, []).append(handler)

    def off(self, name: str, handler: Handler) -> None:
        """Take a handler off again; one that is not there is no error."""
        handlers = self._handlers.get(name, [])
        if handler in handlers:
            handlers.remove(handler)
        if not handlers:
            self._handlers.pop(name, None)

    def emit(self, name: str, *values: Any) -> None:
        """Tell every handler. One that fails is logged and does not keep the others from hearing."""
        for handler in tuple(self._handlers.get(name, ())):
            try:
                result = handler(*values)
            except Exception as error:
                logger.error("handler of %s failed: %r", name, str(error))
                continue
            if inspect.isawaitable(result):
                self._run(result, f"rpc handler of {name}")

    def _run(self, awaitable: Awaitable[Any], name: str) -> None:
        self._background.spawn(_wait(awaitable), name)

    def clear(self) -> None:
        self._handlers.clear()


async def _wait(awaitable: Awaitable[Any]) -> None:
    await awaitable
