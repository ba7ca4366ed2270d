"""What a loop cuts off when it ends is looked at before it is gone; where nothing is left nothing is looked at."""

from __future__ import annotations

import pytest

LEFT = "async def main():\n    asyncio.create_task(asyncio.sleep(1000), name='left')\n    await asyncio.sleep(0)\n"
IN_ORDER = "async def main():\n    await asyncio.create_task(asyncio.sleep(0))\n"
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
    ],
    ids=["run, left", "run, in order", "by hand, left", "by hand, in order", "twice"],
)
def test_loop_that_ends_with_tasks_left_is_looked_at_before(watched, program: str, reasons: list[str]) -> None:
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
