"""What a client does to the exception handler of a loop that is not its own."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from specimens.rpc.client import Client

logger = logging.getLogger(__name__)


def _log_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    logger.debug("%s", context.get("message"))


class ReplacesHandler(Client):
    """Sets a handler and never takes it back. It knows no client, so it holds none: rude, but no leak."""

    def _watch_loop(self) -> None:
        asyncio.get_running_loop().set_exception_handler(_log_error)

    def _unwatch_loop(self) -> None:
        pass


class LeavesHandler(Client):
    """Each client puts a handler that knows it before the one that was there, and none takes its own away."""

    def _watch_loop(self) -> None:
        loop = asyncio.get_running_loop()
        before = loop.get_exception_handler()

        def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            logger.debug("%s: %s", self.name, context.get("message"))
            if before is not None:
                before(loop, context)

        loop.set_exception_handler(handle)

    def _unwatch_loop(self) -> None:
        pass


class DestroysHandler(Client):
    """Puts `None` in force at its end, "to be clean", and so takes the handler away that the host had set."""

    def _watch_loop(self) -> None:
        asyncio.get_running_loop().set_exception_handler(_log_error)

    def _unwatch_loop(self) -> None:
        asyncio.get_running_loop().set_exception_handler(None)
