"""Steps of `close()` that are missing. What they leave are reference cycles, which the garbage collector takes.

Only where something that never ends joins the cycle (`GlobalStore`) does anything stay.
"""

from __future__ import annotations

import itertools

from specimens.rpc.client import Client
from specimens.rpc.objects import Loan, ObjectStore


class KeepsCallbacks(Client):
    """The line is hung up, but it and the client go on knowing each other."""

    async def _drop_connection(self) -> None:
        if self._connection is not None:
            await self._connection.close()


class ClearsTheDouble(Client):
    """Clears the callbacks by the names that they have on the connection of the tests, and on no other."""

    async def _drop_connection(self) -> None:
        connection = self._connection
        if connection is None:
            return
        for name in ("_on_message_handler", "_on_closed_handler"):
            if hasattr(connection, name):
                setattr(connection, name, None)
        await connection.close()


class KeepsHandlers(Client):
    """Event handlers stay, and they are methods of objects that know the client."""

    def _forget_handlers(self) -> None:
        pass


class KeepsServices(Client):
    """Services stay, and "peer" is made of the client's own bound methods."""

    def _forget_services(self) -> None:
        pass


class KeepsStores(Client):
    """Lent objects, pieces of messages and codecs stay."""

    def _forget_stores(self) -> None:
        pass


EXPORTED: dict[int, Loan] = {}
"""All lent objects of the process, "so that any connection can find them"."""

_numbers = itertools.count(1)


class GlobalStore(ObjectStore):
    """An object store whose loans are a module's."""

    def __init__(self) -> None:
        super().__init__()
        self._loans = EXPORTED
        self._next = _numbers

    def clear(self) -> None:
        """Cannot clear the loans: others have theirs there."""
        self._numbers.clear()


class LendsGlobally(Client):
    """Lends through `EXPORTED`, from which nothing is taken when a client closes."""

    def _make_object_store(self) -> ObjectStore:
        return GlobalStore()
