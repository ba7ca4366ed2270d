"""Each switch makes its mistake and no other, by Python's own counts; with all switches off nothing stays.

Outlive takes no part here: this is what is true, against which its answers are marked.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from specimens.rpc.census import Census
from specimens.rpc.client import Client
from specimens.rpc.connection import Connection
from specimens.rpc.faults import FAULTS, Expected, Fault, client_class, this_python
from specimens.rpc.loopback import LoopbackConnection, dial, pair
from specimens.rpc.mistakes.forgetting import EXPORTED, ClearsTheDouble
from specimens.rpc.mistakes.host_loop import DestroysHandler, ReplacesHandler
from specimens.rpc.server import Server
from specimens.rpc.soak import Plan, run

CYCLES = 5
IN_PYTHON = [fault for fault in FAULTS if not fault.in_javascript]

# What a faulty client leaves open is warned of when its loop has gone.
leaves_things_open = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(autouse=True, scope="module")
def former_things() -> Iterator[None]:
    """The collector passes what the tests' process had before: going through it would be most of the time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def collector_waits() -> Iterator[None]:
    """The collector runs only where the census asks it to, so that a cycle is seen as one."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    EXPORTED.clear()
    gc.collect()


def plan_of(fault: Fault, **options: Any) -> Plan:
    drive = {option.removeprefix("--").replace("-", "_"): True for option in fault.drive}
    return Plan(faults=(fault.id,), **{"cycles": CYCLES, **drive, **options})


def nothing_left(census: Census) -> bool:
    return (census.at_once, census.after_turns, census.sessions, census.tasks, census.fds) == (0, 0, 0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["whole life", "race", "old server"])
def test_nothing_stays_of_200_right_clients_not_even_for_the_collector(how: str) -> None:
    plan = Plan(cycles=200, in_memory=True, race=how == "race", old_server=how == "old server")
    assert nothing_left(run(plan))


@pytest.mark.slow
@pytest.mark.parametrize("race", [False, True])
def test_nothing_stays_of_200_right_clients_on_websockets(race: bool) -> None:
    pytest.importorskip("websockets")
    assert nothing_left(run(Plan(cycles=200, race=race)))


@leaves_things_open
@pytest.mark.parametrize("fault", IN_PYTHON, ids=lambda fault: fault.id)
def test_switch_makes_its_mistake(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        census = run(plan_of(fault, in_memory=True))
    caplog.clear()
    assert _what_is_true(census) is _held(fault.expected_on(this_python()))


@leaves_things_open
@pytest.mark.parametrize("id_", ["connection-callbacks", "fire-and-forget", "enter-raised", "swallowed-cancellation"])
def test_switch_makes_its_mistake_on_websockets_too(id_: str) -> None:
    pytest.importorskip("websockets")
    (fault,) = [fault for fault in FAULTS if fault.id == id_]
    census = run(plan_of(fault))
    assert _what_is_true(census) is fault.expected_on(this_python())
    # The failed greeting leaves the socket open on both sides.
    assert census.fds == (2 * CYCLES if id_ == "enter-raised" else 0)


def _what_is_true(census: Census) -> Expected:
    if census.after_collect:
        assert census.after_collect == CYCLES
        return Expected.LEAK
    if census.after_turns:
        return Expected.CYCLE
    return Expected.IN_FLIGHT if census.at_once else Expected.NOTHING


def _held(expected: Expected) -> Expected:
    """For Python the harness is a root like any other."""
    return Expected.LEAK if expected is Expected.HARNESS else expected


@pytest.mark.parametrize("fault", [fault for fault in IN_PYTHON if fault.until], ids=lambda fault: fault.id)
def test_race_is_no_leak_without_the_race(fault: Fault) -> None:
    assert nothing_left(run(plan_of(fault, race=False)))


def test_switches_can_be_thrown_together() -> None:
    both = client_class(("services", "stores"))
    assert both is client_class(("services", "stores"))
    census = run(Plan(cycles=CYCLES, faults=("services", "stores"), in_memory=True))
    assert _what_is_true(census) is Expected.CYCLE


class DoubleOfTests(LoopbackConnection):
    """A connection as somebody's tests have it, with callbacks under other names."""

    def attach(self, on_message: Any, on_closed: Any) -> None:
        super().attach(lambda text: self._on_message_handler(text), on_closed)
        self._on_message_handler: Any = on_message
        self._on_closed_handler: Any = on_closed


def test_fix_clears_what_the_double_has_and_nothing_on_the_real_line() -> None:
    async def callbacks_after_close(line: Connection) -> tuple[Any, Any]:
        client = ClearsTheDouble("")
        client.attach(line)
        await client.close()
        return getattr(line, "_on_message_handler", None), line.on_message

    double, real = DoubleOfTests(), pair()[0]
    assert asyncio.run(callbacks_after_close(double))[0] is None
    assert asyncio.run(callbacks_after_close(real))[1] is not None


@pytest.mark.parametrize("faulty", [ReplacesHandler, DestroysHandler])
def test_host_loses_its_exception_handler(faulty: type[Client]) -> None:
    async def handler_after_close() -> Any:
        loop, server = asyncio.get_running_loop(), Server()
        loop.set_exception_handler(lambda loop, context: None)
        hosts = loop.get_exception_handler()
        async with faulty(dial(server)):
            pass
        await server.close()
        return hosts, loop.get_exception_handler()

    hosts, after = asyncio.run(handler_after_close())
    assert after is not hosts
    assert (after is None) == (faulty is DestroysHandler)
