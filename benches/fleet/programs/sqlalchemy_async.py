# needs: sqlalchemy, aiosqlite, greenlet
# faulty: sqlalchemy.orm.session.Session
"""An asynchronous engine on aiosqlite; the faulty twin forgets to dispose of it and to close its session."""

import asyncio
import sys

from sqlalchemy import text
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

FAULTY = sys.argv[1:] == ["faulty"]
KEPT = []


async def main() -> None:
    engine = create_async_engine("sqlite+aiosqlite://")
    make = async_sessionmaker(engine)
    async with make() as session:
        print((await session.execute(text("select 1 + 1"))).scalar())
    session = make()
    await session.execute(text("select 3"))
    if FAULTY:
        KEPT.append((engine, session))
    else:
        await session.close()
        await engine.dispose()


asyncio.run(main())
