# needs: pydantic
# faulty: task
"""Models validated in tasks; the faulty twin forgets one task."""

import asyncio
import sys

from pydantic import BaseModel, ValidationError, field_validator

FAULTY = sys.argv[1:] == ["faulty"]
KEPT = []


class Order(BaseModel):
    id: int
    words: list[str] = []

    @field_validator("id")
    @classmethod
    def positive(cls, value: int) -> int:
        if value < 0:
            raise ValueError("negative")
        return value


async def check(number: int) -> int:
    await asyncio.sleep(0)
    try:
        return Order(id=number, words=["a"]).id
    except ValidationError:
        return 0


async def main() -> None:
    async with asyncio.timeout(5):
        print(sum(await asyncio.gather(*(check(at - 5) for at in range(20)))))
    if FAULTY:
        KEPT.append(asyncio.create_task(asyncio.sleep(60)))
        await asyncio.sleep(0)


asyncio.run(main())
