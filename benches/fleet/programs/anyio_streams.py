# needs: anyio
# faulty: task|generator|async
"""anyio on asyncio: task groups, streams, worker threads; the faulty twin leaves a generator half way."""

import sys

import anyio
import anyio.to_thread

FAULTY = sys.argv[1:] == ["faulty"]
KEPT = []


async def numbers():
    try:
        for at in range(10):
            yield at
            await anyio.sleep(0)
    finally:
        pass


async def main() -> None:
    send, receive = anyio.create_memory_object_stream(5)
    async with anyio.create_task_group() as group, send:
        group.start_soon(drain, receive)
        for at in range(20):
            await send.send(at)
    print(await anyio.to_thread.run_sync(sum, [1, 2, 3]))
    running = numbers()
    await running.__anext__()
    if FAULTY:
        KEPT.append(running)
    else:
        await running.aclose()


async def drain(receive) -> None:
    async with receive:
        print(sum([at async for at in receive]))


anyio.run(main)
