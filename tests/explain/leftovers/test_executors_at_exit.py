"""The interpreter's end marks all executors as shut down: only a call that was seen tells which were ended before."""

from __future__ import annotations

import sys

import pytest
from seen_programs import Seen, run

from outlive.capture.packages import read_packages
from outlive.contracts import load_contracts
from outlive.explain.context import Context
from outlive.explain.leftovers import explain_look
from outlive.model.leftovers import Category, Leftover

pytestmark = pytest.mark.slow
PROGRAM = """
from concurrent.futures import ThreadPoolExecutor
from noting import ends, look
ended, left, idle = ThreadPoolExecutor(1), ThreadPoolExecutor(1), ThreadPoolExecutor(1)
for one in (ended, left): one.submit(int).result()
ended.shutdown(); ends(ended, "executor shut down", ())
left.shutdown(); idle.shutdown()  # as the interpreter's end does
look("exit", "exit")
look("asked", "asked")
"""


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    return run(PROGRAM, tmp_path_factory.mktemp("executors"))


def executors(seen: Seen) -> list[Leftover]:
    context = Context(packages=read_packages(sys.path, own_folders=[str(seen.folder)]), site_of=lambda node: None)
    found = explain_look(seen.heap, seen.look, load_contracts(), context, category=Category.SHUTDOWN)
    return [one for one in found if one.kind == "executor" and one.problem == "executor-not-shut-down"]


def test_executor_that_only_the_interpreters_end_has_shut_down_is_told(looks: dict[str, Seen]) -> None:
    (one,) = executors(looks["exit"])
    assert (one.count, one.harmless) == (1, False)


def test_before_the_end_its_own_state_is_believed(looks: dict[str, Seen]) -> None:
    assert executors(looks["asked"]) == []
