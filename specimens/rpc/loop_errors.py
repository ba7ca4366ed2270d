"""Keeps connection noise out of a host's log, and leaves the host's own exception handler in force.

When a peer vanishes, asyncio reports a broken pipe through the loop's exception handler, which by default logs it as
an error. Here that is a thing of every day. All clients of a loop share one watch: the first puts it in front of the
handler that the host has, the last puts the host's back. A handler for each client could not be taken away again in
any order but the reverse, and would hold the client as long as the loop.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from typing import Any

logger = logging.getLogger(__name__)
EVERYDAY = (ConnectionResetError, BrokenPipeError, ConnectionAbortedError)


class LoopErrors:
    """The watch of one loop."""

    def __init__(self) -> None:
        self._users = 0
        self._before: Any = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._users += 1
        if self._users == 1:
            self._before = loop.get_exception_handler()
            loop.set_exception_handler(self._handle)

    def stop(self, loop: asyncio.AbstractEventLoop) -> None:
        self._users -= 1
        if self._users == 0:
            # The host may have set another one meanwhile; then that is in force.
            if loop.get_exception_handler() == self._handle:
                loop.set_exception_handler(self._before)
            self._before = None

    def _handle(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if isinstance(context.get("exception"), EVERYDAY):
            logger.debug("a peer vanished: %s", context.get("message"))
        elif self._before is not None:
            self._before(loop, context)
        else:
            loop.default_exception_handler(context)


_watches: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, LoopErrors] = weakref.WeakKeyDictionary()


def start(loop: asyncio.AbstractEventLoop) -> None:
    """One more client wants the watch."""
    _watches.setdefault(loop, LoopErrors()).start(loop)


def stop(loop: asyncio.AbstractEventLoop) -> None:
    """One client fewer."""
    _watches[loop].stop(loop)
