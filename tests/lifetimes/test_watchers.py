"""The watchers of asyncio, in one program each Python: what happened, its innocent look-alikes, what is not known."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

PROGRAM = r"""
import asyncio, gc, json, sys, warnings
before = set(sys.modules)
from outlive.lifetimes import watchers
from outlive.lifetimes.notebook import NOTEBOOK
watchers.start()
watchers.start()
warnings.simplefilter("error")

async def cancelled(task):
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=0.01)
    return task

async def goes_on():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        pass
    await asyncio.sleep(60)

async def cleans_up(gate):
    try:
        await asyncio.sleep(60)
    finally:
        await gate.wait()

async def takes_it_as_a_sign():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        return "ended"

async def cancels_another():
    other = asyncio.create_task(asyncio.sleep(60))
    await asyncio.sleep(0)
    other.cancel()
    try:
        await other
    except asyncio.CancelledError:
        pass
    await asyncio.sleep(60)

async def has_a_timeout():
    if hasattr(asyncio, "timeout"):
        try:
            async with asyncio.timeout(0.001):
                await asyncio.sleep(60)
        except TimeoutError:
            pass
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.001)
    except (TimeoutError, asyncio.TimeoutError):
        pass
    await asyncio.sleep(60)

async def takes_it_back():
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        pass
    if hasattr(asyncio.Task, "uncancel"):
        asyncio.current_task().uncancel()
    await asyncio.sleep(60)

async def gathers(gate):
    try:
        await asyncio.gather(asyncio.sleep(60), asyncio.sleep(60))
    finally:
        await gate.wait()

async def races(future):
    await asyncio.wait_for(future, 60)
    return "went on"

async def forever():
    await asyncio.get_running_loop().create_future()

async def never():
    pass

async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: handled.append(context["message"]))
    gate = asyncio.Event()
    kept = [
        await cancelled(asyncio.create_task(goes_on(), name="on")),
        await cancelled(asyncio.create_task(cleans_up(gate), name="cleaning")),
        await cancelled(asyncio.create_task(takes_it_as_a_sign(), name="sign")),
        await cancelled(asyncio.create_task(takes_it_back(), name="back")),
        await cancelled(asyncio.create_task(gathers(gate), name="gathers")),
        asyncio.create_task(cancels_another(), name="canceller"),
        asyncio.create_task(has_a_timeout(), name="timeout"),
    ]
    future = loop.create_future()
    racer = asyncio.create_task(races(future), name="racer")
    await asyncio.sleep(0)
    future.set_result(1)
    racer.cancel()
    try:
        raced = await racer
    except asyncio.CancelledError:
        raced = "cancelled"
    asyncio.create_task(forever(), name="lost")
    await asyncio.sleep(0.01)
    gc.collect()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            never()
    finally:
        warned.extend(str(one.message) for one in caught)
    watchers.look_again()
    events = [row for row in NOTEBOOK.events.rows() if row["kind"]]
    own = {}
    for row in events:
        own.setdefault(row["kind"], []).append(row)
    print(json.dumps({"events": own, "raced": raced, "handled": handled, "warned": warned}))
    gate.set()

handled, warned = [], []
warnings.simplefilter("default")
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def swallowed(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["what"].partition(" ")[0]: row for row in told["events"].get("swallowed-cancellation", [])}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="3.10 does not count cancellations")
def test_a_task_that_drops_its_cancellation_and_goes_on_is_told(told: dict[str, Any]) -> None:
    row = swallowed(told)["on"]
    assert row["what"] == "on (goes_on)"
    assert row["site"]["function"] == "goes_on"
    assert row["address"] > 0


def test_those_who_deal_with_it_are_not(told: dict[str, Any]) -> None:
    """Still cleaning up; ended on the sign; took it back; cancelled another; had time-outs; gathered."""
    assert set(swallowed(told)) <= {"on", "racer"}


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="mended in 3.12")
def test_a_wait_for_that_drops_it_is_told_even_where_the_task_ends(told: dict[str, Any]) -> None:
    assert told["raced"] == "went on"
    row = swallowed(told)["racer"]
    assert "asyncio.wait_for dropped it" in row["detail"]
    assert row["site"]["function"] == "races"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="drops it before 3.12")
def test_a_wait_for_that_does_not_drop_it_is_not_told(told: dict[str, Any]) -> None:
    assert told["raced"] == "cancelled"
    assert "racer" not in swallowed(told)


def test_a_task_that_nobody_held_is_told_as_lost_and_the_loop_still_hears_of_it(told: dict[str, Any]) -> None:
    assert [row["what"] for row in told["events"]["task-lost"]] == ["lost (forever)"]
    assert told["handled"] == ["Task was destroyed but it is pending!"]


def test_a_coroutine_never_awaited_is_told_and_the_warning_stays(told: dict[str, Any]) -> None:
    (row,) = told["events"]["never-awaited"]
    assert (row["what"], row["type"]) == ("never", "coroutine")
    assert row["site"]["function"] == "main"
    assert told["warned"] == ["coroutine 'never' was never awaited"]
