"""What is kept, or stays open, when something fails."""

from __future__ import annotations

import logging

from specimens.rpc.client import Client
from specimens.rpc.errors import RpcError

logger = logging.getLogger(__name__)


class LeavesLineOpen(Client):
    """Opens a line in `__aenter__` and leaves it open when the greeting fails: `__aexit__` never runs then."""

    async def connect(self) -> None:
        await self._dial_and_greet()
        self._watch_loop()
        self.background.spawn(self._keep_line(), "rpc line")
        self.background.spawn(self._on_connected(), "rpc connected")


class LogsException(Client):
    """Says goodbye by a method that no server has, and logs the exception itself.

    A log record that is kept (pytest keeps those of a test) keeps the exception, so its traceback, so this frame.
    """

    async def _say_bye(self) -> None:
        call = {"t": "call", "service": "hub", "method": "leave", "args": [], "kwargs": {}}
        try:
            await self._ask(call, self.request_timeout)
        except RpcError as error:
            logger.warning("could not take leave: %s", error)
        await super()._say_bye()
