"""Ten leaks of five kinds among two hundred async tests: each is blamed on its own test, however the tests are run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Ran = Any  # conftest's: status, output, and blame by test
pytestmark = pytest.mark.slow

_WORDS = {
    "task": "1 pending asyncio task",
    "timer": "1 timer",
    "thread": "1 running thread",
    "socket": "1 open socket",
    "generator": "1 async generator",
}

_TESTS = """
    import asyncio, os, socket, threading
    import pytest

    COUNT = int(os.environ["COUNT"])
    # Which leak: spread over the tests, the last and the first of them among those.
    KINDS = ("task", "timer", "thread", "socket", "generator")
    LEAKS = {round(i * (COUNT - 1) / 9): kind for i, kind in enumerate(2 * KINDS)}
    KEPT, STOP = [], threading.Event()

    async def steps():
        yield 1
        yield 2

    async def leak(kind):
        if kind == "task": KEPT.append(asyncio.create_task(asyncio.Event().wait()))
        elif kind == "timer": asyncio.get_running_loop().call_later(500, KEPT.append, 1)
        elif kind == "thread": threading.Thread(target=STOP.wait, daemon=True).start()
        elif kind == "socket": KEPT.append(socket.socket())
        elif kind == "generator":
            one = steps(); await one.__anext__(); KEPT.append(one)

    async def work(number):
        '''Holds one of each for a while, as its neighbours do; and ends them.'''
        await asyncio.sleep(0.001 * (number % 7))
        task = asyncio.create_task(asyncio.sleep(0.002))
        timer = asyncio.get_running_loop().call_later(400, print)
        with socket.socket():
            if number in LEAKS: await leak(LEAKS[number])
            await asyncio.to_thread(sum, [1])
            await task
        timer.cancel()

    for number in range(COUNT):
        exec(f"@pytest.mark.{os.environ['MARK']}\\nasync def test_{number}(): await work({number})")
    """

# The least that a plugin for concurrent tests does: all bodies in one loop, a report for each.
_TOGETHER = """
    import asyncio
    import pytest

    @pytest.fixture
    def anyio_backend(): return "asyncio"

    async def run(item):
        try:
            await item.obj()
        except BaseException as error:
            def outcome(error=error): raise error
        else:
            def outcome(): pass
        call = pytest.CallInfo.from_call(outcome, "call")
        item.ihook.pytest_runtest_logreport(report=item.ihook.pytest_runtest_makereport(item=item, call=call))

    async def run_all(items): await asyncio.gather(*map(run, items))

    def pytest_runtestloop(session):
        if session.items[0].get_closest_marker("together") is None: return None
        loop = asyncio.new_event_loop()
        loop.run_until_complete(run_all(session.items))
        loop.close()
        return True

    def pytest_configure(config): config.addinivalue_line("markers", "together: in one loop")
    """


@pytest.mark.parametrize(
    ("mark", "count", "options"),
    [
        pytest.param("together", 200, ("-p", "no:asyncio"), id="together"),
        pytest.param("asyncio", 60, (), id="pytest-asyncio"),
        pytest.param("anyio", 60, (), id="anyio"),
        pytest.param("asyncio", 60, ("-n", "2"), id="xdist"),
    ],
)
def test_each_leak_is_blamed_on_its_own_test_and_no_innocent_is(
    tmp_path_factory: pytest.TempPathFactory,
    run_blaming: Callable[..., Ran],
    mark: str,
    count: int,
    options: tuple[str, ...],
) -> None:
    ran = run_blaming(
        tmp_path_factory.mktemp(mark),
        _TESTS,
        "--outlive",
        "-W",
        "ignore",
        *options,
        MARK=mark,
        COUNT=str(count),
        **{"conftest.py": _TOGETHER},
    )
    leaks = {f"test_it.py::test_{round(i * (count - 1) / 9)}": kind for i, kind in enumerate(2 * list(_WORDS))}
    assert {name: _WORDS[kind] for name, kind in leaks.items()} == {
        name: text.partition(" left ")[2].partition(" behind")[0] for name, text in ran.blame.items()
    }, ran.output
    assert (ran.status, f"{count} passed, 10 errors" in ran.output) == (1, True), ran.output
