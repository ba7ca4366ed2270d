"""A small RPC system over websockets: calls both ways, callbacks, remote objects, sessions that survive a lost line.

    server = Server(); server.services.add("calculator", Calculator())
    async with listening(server, port=8765):
        async with Client("ws://127.0.0.1:8765") as client:
            print(await client.service("calculator").add(2, 3))

It is a specimen: `faults.py` lists mistakes that real systems of this kind have made, each behind a switch. With all
switches off nothing of a client stays when `close()` has returned, not even for the garbage collector.
"""

from specimens.rpc.client import Client
from specimens.rpc.errors import PeerClosed, Refused, RemoteError, RequestTimeout, RpcError
from specimens.rpc.objects import Lent, by_reference
from specimens.rpc.server import Server
from specimens.rpc.services import exposed

__all__ = [
    "Client",
    "Lent",
    "PeerClosed",
    "Refused",
    "RemoteError",
    "RequestTimeout",
    "RpcError",
    "Server",
    "by_reference",
    "exposed",
]
