# needs: uvloop
# faulty: task
"""An echo server and its clients on uvloop's loop; the faulty twin leaves a task that nobody awaits."""

import asyncio
import sys

import uvloop

FAULTY = sys.argv[1:] == ["faulty"]
KEPT = []


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(line)
    writer.close()
    await writer.wait_closed()


async def ask(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"hello\n")
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return answer


async def forever() -> None:
    await asyncio.Event().wait()


async def main() -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        print(await asyncio.gather(*[ask(port) for _ in range(10)]))
    if FAULTY:
        KEPT.append(asyncio.create_task(forever()))
        await asyncio.sleep(0)


uvloop.run(main())
