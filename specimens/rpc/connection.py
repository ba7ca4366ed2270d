"""A line to the other side, as the peers see it: texts go out, texts come in, and one day it is down.

Who attaches gets each text through `on_message` and the end, once, through `on_closed`. The two are references back
to the owner, so the owner lets go of them (`detach`) before it lets go of the line.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable


class Connection:
    """What every kind of line does. A kind adds `send` and `close`, and calls `_arrived` and `_ended`.

    `before_delivery` sees each text just before the owner does (a soak times its races by it).
    """

    def __init__(self) -> None:
        self.on_message: Callable[[str], None] | None = None
        self.on_closed: Callable[[], None] | None = None
        self.before_delivery: Callable[[str], None] | None = None
        self.is_open = True
        self._early: deque[str] = deque()

    def attach(self, on_message: Callable[[str], None], on_closed: Callable[[], None]) -> None:
        """Deliver to this owner from now on, first what came while there was none."""
        self.on_message, self.on_closed = on_message, on_closed
        while self._early and self.on_message is not None:
            self.on_message(self._early.popleft())
        if not self.is_open:
            asyncio.get_running_loop().call_soon(on_closed)

    def detach(self) -> None:
        """Deliver to nobody."""
        self.on_message = self.on_closed = None

    async def send(self, text: str) -> None:
        """Raises `PeerClosed` when the line is down."""
        raise NotImplementedError

    async def close(self) -> None:
        """Hang up and wait until nothing of this line runs any more."""
        raise NotImplementedError

    def _arrived(self, text: str) -> None:
        if self.before_delivery is not None:
            self.before_delivery(text)
        if self.on_message is None:
            self._early.append(text)
        else:
            self.on_message(text)

    def _ended(self) -> None:
        if not self.is_open:
            return
        self.is_open = False
        if self.on_closed is not None:
            self.on_closed()
