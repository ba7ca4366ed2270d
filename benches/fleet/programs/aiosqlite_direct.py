# needs: aiosqlite
# faulty: aiosqlite
"""A database in memory, asked by coroutines; the faulty twin never closes one connection."""

import asyncio
import sys

import aiosqlite

FAULTY = sys.argv[1:] == ["faulty"]
KEPT = []


async def main() -> None:
    async with aiosqlite.connect(":memory:") as database:
        await database.execute("create table t (x)")
        await database.executemany("insert into t values (?)", [(at,) for at in range(100)])
        async with database.execute("select sum(x) from t") as rows:
            print(await rows.fetchone())
    if FAULTY:
        connection = aiosqlite.connect(":memory:")
        connection._thread.daemon = True  # else the program could not end, watched or not
        KEPT.append(await connection)


asyncio.run(main())
