from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from outlive.probes import tasks
from outlive.probes.refusals import NothingToMeasure


async def waits(event: asyncio.Event) -> None:
    await event.wait()


def test_a_task_is_counted_until_it_is_done():
    async def main() -> tuple[int, int, int]:
        event = asyncio.Event()
        before = tasks.count_tasks()
        task = asyncio.create_task(waits(event))
        during = tasks.count_tasks()
        event.set()
        await task
        return before, during, tasks.count_tasks()

    assert asyncio.run(main()) == (1, 2, 1)


def test_a_task_says_where_it_waits():
    async def main() -> tasks.Task:
        task = asyncio.create_task(waits(asyncio.Event()), name="waiter")
        await asyncio.sleep(0)
        row = next(row for row in tasks.list_tasks() if row.name == "waiter")
        task.cancel()
        return row

    row = asyncio.run(main())
    assert row.coroutine == "waits"
    file, _, line = row.where.rpartition(":")
    assert file.endswith("locks.py")  # inside Event.wait
    assert int(line) > 0


def test_a_scheduled_timer_is_counted_and_a_cancelled_one_is_not():
    async def main() -> tuple[int, int]:
        loop = asyncio.get_running_loop()
        timers = [loop.call_later(3600, print) for _ in range(3)]
        timers[0].cancel()
        here = tasks.count_timers(), tasks.count_timers(loop)
        for timer in timers:
            timer.cancel()
        return here

    assert asyncio.run(main()) == (2, 2)


def test_tasks_are_seen_from_outside_any_loop():
    loop = asyncio.new_event_loop()
    task = loop.create_task(waits(asyncio.Event()))
    loop.run_until_complete(asyncio.sleep(0))
    try:
        assert tasks.count_tasks() == tasks.count_tasks(loop) == 1
        assert tasks.count_timers() == 0
    finally:
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        loop.close()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with 3.12")
def test_an_eager_task_is_counted():
    async def main() -> int:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        task = asyncio.create_task(waits(asyncio.Event()))
        count = tasks.count_tasks()
        task.cancel()
        return count

    assert asyncio.run(main()) == 2


def test_a_loop_that_hides_its_timers_is_refused_and_not_counted_as_none():
    class Opaque:
        pass

    with pytest.raises(NothingToMeasure, match="Opaque cannot be counted"):
        tasks.count_timers(Opaque())


def test_a_program_without_asyncio_has_no_tasks_and_gets_no_asyncio():
    program = "import sys; from outlive.probes import tasks; print(tasks.read(), 'asyncio' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{'tasks': 0, 'timers': 0} False"
