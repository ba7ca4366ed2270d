"""What a loop cuts off when it ends is looked at before it is gone; where nothing is left nothing is looked at."""

from __future__ import annotations

import pytest

LEFT = "async def main():\n    asyncio.create_task(asyncio.sleep(1000), name='left')\n    await asyncio.sleep(0)\n"
IN_ORDER = "async def main():\n    await asyncio.create_task(asyncio.sleep(0))\n"
HALF_WAY = (
    "async def numbers():\n    yield 1\n    yield 2\n"
    "async def main():\n    global kept\n    kept = numbers()\n    await kept.__anext__()\n"
)
WAITING = "async def main():\n    timer = asyncio.get_running_loop().call_later(60, print, 'late')\n"
BY_HAND = "loop = asyncio.new_event_loop()\nloop.run_until_complete(main())\nloop.close()\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "reasons"),
    [
        (LEFT + "asyncio.run(main())", ["loop-ends", "exit"]),
        (IN_ORDER + "asyncio.run(main())", ["exit"]),
        (LEFT + BY_HAND, ["loop-ends", "exit"]),
        (IN_ORDER + BY_HAND, ["exit"]),
        (LEFT + "for _ in range(2): asyncio.run(main())", ["loop-ends", "loop-ends", "exit"]),
        (HALF_WAY + "asyncio.run(main())", ["loop-ends", "exit"]),
        (HALF_WAY + "    await kept.aclose()\nasyncio.run(main())", ["exit"]),
        (WAITING + "asyncio.run(main())", ["loop-ends", "exit"]),
        (WAITING + "    timer.cancel()\nasyncio.run(main())", ["exit"]),
    ],
    ids=[
        "run, left", "run, in order", "by hand, left", "by hand, in order", "twice",
        "a generator half way", "a generator closed", "a timer waits", "a timer cancelled",
    ],
)  # fmt: skip
def test_loop_that_ends_with_something_left_is_looked_at_before(watched, program: str, reasons: list[str]) -> None:
    done = watched("import asyncio, warnings\nwarnings.simplefilter('ignore')\n" + program)
    assert done.returncode == 0
    assert done.reasons == reasons
    assert all((done.folder / look["snapshot"]).is_file() for look in done.looks)


@pytest.mark.slow
def test_exception_out_of_the_loop_shows_the_same_traceback(runs) -> None:
    source = "import asyncio\n" + LEFT + "    raise KeyError('mine')\nasyncio.run(main())"
    from .conftest import command

    words = command(runs.written(source))
    plain, done = runs.plain(words), runs.watched(words)
    assert (done.returncode, done.stderr) == (plain.returncode, plain.stderr)
    assert done.reasons == ["loop-ends", "exit"]
    assert done.told.raised == "KeyError"


@pytest.mark.slow
def test_loop_closed_while_tasks_wait_in_it_is_a_closing_in_trouble(watched) -> None:
    done = watched("import asyncio, warnings\nwarnings.simplefilter('ignore')\n" + LEFT + BY_HAND)
    rows = [(row["what"], row["trouble"], row["detail"]) for row in done.looks[-1]["closings"]]
    assert ("event loop closed", "in-use", "1 of its tasks was pending: left (sleep)") in rows
    assert "__main__" in done.looks[-1]["own_modules"]
    assert "asyncio" not in done.looks[-1]["own_modules"]
