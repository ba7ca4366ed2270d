"""Two callers. Ann waits for her answer; Bob hangs up before it comes."""

import asyncio

from desk import Session

CALLS = set()


async def ring(caller, answer):
    session = Session(caller)
    asking = asyncio.create_task(session.ask("where is my parcel?"))
    CALLS.add(asking)
    asking.add_done_callback(CALLS.discard)
    await asyncio.sleep(0)
    if answer:
        session.answer(answer)
        print(f"{caller}: {await asking}")
    session.close()


async def main():
    await ring("Ann", "on its way")
    await ring("Bob", None)


asyncio.run(main())
