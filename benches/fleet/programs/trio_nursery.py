# needs: trio
# faulty: socket
"""Trio: a nursery, an echo server, cancellation; the faulty twin keeps a client's stream."""

import sys

import trio

FAULTY = sys.argv[1:] == ["faulty"]
KEPT = []


async def echo(stream) -> None:
    async for data in stream:
        await stream.send_all(data)


async def main() -> None:
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(lambda task_status: trio.serve_tcp(echo, 0, task_status=task_status))
        port = listeners[0].socket.getsockname()[1]
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        await stream.send_all(b"hello")
        print(await stream.receive_some(5))
        print(await trio.to_thread.run_sync(sum, [1, 2]))
        if FAULTY:
            KEPT.append(stream)
        else:
            await stream.aclose()
        nursery.cancel_scope.cancel()


trio.run(main)
