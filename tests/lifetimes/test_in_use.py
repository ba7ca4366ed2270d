"""Who still uses what is being ended: counted as a contract says, without running any code of the program."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from outlive.contracts import load_contracts, rows
from outlive.lifetimes.in_use import count, users


class Lease:
    __slots__ = ("_in_use",)

    def __init__(self, user: object) -> None:
        self._in_use = user


class Pool:
    size = 5

    def __init__(self) -> None:
        self.out = {1, 2}
        self.free = deque([1, 2, 3])
        self.overflow = -2
        self.leases = [Lease(None), Lease("somebody"), Lease("another")]
        self.owner, self.guest, self.nobody = True, False, None
        self.inner = self
        self.asked = False

    @property
    def computed(self) -> int:
        self.asked = True
        return 7


@pytest.mark.parametrize(
    ("expression", "number"),
    [
        ("out", 2),
        ("inner.out", 2),
        ("size + overflow", 3),
        ("size + overflow - free", 0),
        ("out - 1", 1),
        ("leases[]._in_use", 2),
        ("leases[]", 3),
        ("out if owner", 2),
        ("out if guest", 0),
        ("nobody", 0),
        ("owner", 1),
    ],
)
def test_users_are_counted_over_attributes(expression: str, number: int) -> None:
    assert count(expression, Pool()) == number


@pytest.mark.parametrize(
    "expression", ["absent", "out + absent", "absent[]", "out.absent", "out if absent", "computed"]
)
def test_what_cannot_be_read_counts_nobody(expression: str) -> None:
    assert count(expression, Pool()) == 0


def test_no_property_is_asked() -> None:
    pool = Pool()
    users((("computed", "things"), ("computed[]", "things")), pool)
    assert not pool.asked


def test_threads_count_while_they_are_alive() -> None:
    end = threading.Event()
    over, alive = threading.Thread(target=int), threading.Thread(target=end.wait)
    for one in (over, alive):
        one.start()
    over.join()
    pool = Pool()
    pool.leases = [over, alive]  # type: ignore[list-item]
    assert count("leases[]", pool) == 1
    end.set()
    alive.join()


def test_queue_of_work_is_counted() -> None:
    pool = Pool()
    pool.nobody = queue.SimpleQueue()  # type: ignore[assignment]
    pool.nobody.put(1)  # type: ignore[attr-defined]
    assert count("nobody", pool) == 1


def test_words_tell_only_what_is_there() -> None:
    assert users((("out", "given out"), ("nobody", "waiting"), ("leases[]._in_use", "leases")), Pool()) == (
        "given out: 2, leases: 2"
    )


# ---- executors, as their pack has them ------------------------------------------------------------------------------

PROGRAM = """
import json, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from outlive.lifetimes import hooks
from outlive.lifetimes.notebook import NOTEBOOK
hooks.attach(json.loads(sys.argv[1]))
go, at_work = threading.Event(), threading.Barrier(3)
def work(): at_work.wait(); go.wait()
def closed(pool, **how):
    pool.shutdown(**how)
    return NOTEBOOK.closing_rows()[-1]
def busy():
    pool = ThreadPoolExecutor(2)
    futures = [pool.submit(work) for _ in range(2)] + [pool.submit(go.wait) for _ in range(3)]
    at_work.wait()
    return pool
told = {"waits": closed(busy(), wait=False), "cancels": closed(busy(), wait=False, cancel_futures=True)}
patient = busy()
threading.Timer(0.01, go.set).start()
told["patient"] = closed(patient)
idle = ThreadPoolExecutor(2); idle.submit(int).result()
while not idle._idle_semaphore._value: time.sleep(0)
told["idle"] = closed(idle, wait=False)
told["again"] = closed(idle, wait=False)
told["unused"] = closed(ThreadPoolExecutor(2), wait=False)
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    script: Path = tmp_path_factory.mktemp("executors") / "app.py"
    script.write_text(PROGRAM)
    contracts = [row for row in rows(load_contracts()) if row["pack"] == "concurrent_futures"]
    done = subprocess.run([sys.executable, script, json.dumps(contracts)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("how", "trouble", "detail"),
    [
        ("waits", "in-use", "work that runs: 2, work that waits: 3"),
        ("cancels", "in-use", "work that runs: 2"),
        ("patient", "", ""),
        ("idle", "", ""),
        ("again", "twice", ""),
        ("unused", "", ""),
    ],
)
def test_executor_is_in_use_where_its_shutdown_leaves_work(
    told: dict[str, dict[str, Any]], how: str, trouble: str, detail: str
) -> None:
    assert (told[how]["trouble"], told[how]["detail"]) == (trouble, detail)
