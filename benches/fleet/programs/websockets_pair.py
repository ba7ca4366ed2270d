# needs: websockets
# faulty: websockets|transport|task
"""A websocket server and ten clients; the faulty twin never closes one client."""

import asyncio
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

FAULTY = sys.argv[1:] == ["faulty"]
KEPT = []


async def echo(socket) -> None:
    async for message in socket:
        await socket.send(message)


async def talk(port: int) -> None:
    async with connect(f"ws://127.0.0.1:{port}") as socket:
        await socket.send("hello")
        await socket.recv()


async def main() -> None:
    server = await serve(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await asyncio.gather(*(talk(port) for _ in range(10)))
    if FAULTY:
        KEPT.append(await connect(f"ws://127.0.0.1:{port}"))
        return
    server.close()
    await server.wait_closed()


asyncio.run(main())
print("talked")
