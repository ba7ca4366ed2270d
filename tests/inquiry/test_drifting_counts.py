"""A whole check of an extension that miscounts references to what was there before, and of one that does not."""

from __future__ import annotations

import shutil

import pytest
from lossy_extension import build

from outlive.model.verdict import CheckResult, Finding, Verdict
from outlive.session import CheckSettings, check

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")]

_PROGRAM = """
import lossy

LIMITS = tuple(str(n) for n in range(3))
SPARE = []
KEPT = [SPARE] * 1_000_000

def step(i):
    lossy.peek(LIMITS)          # takes a reference, never gives it back
    lossy.drop(SPARE)           # gives back one that it does not own
"""

_INNOCENT = """
import lossy

class Job:
    pass

LIMITS = tuple(str(n) for n in range(3))
KEPT = [lossy.Hider(Job()) for _ in range(50)]

def step(i):
    lossy.remember(LIMITS)      # one object, held by C and replaced
    lossy.remember([i])
    lossy.Hider(Job())
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[CheckResult, CheckResult]:
    """Of the program with mistakes, and of the innocent one."""
    folder = tmp_path_factory.mktemp("drifting")
    build(folder)
    (folder / "app.py").write_text(_PROGRAM)
    (folder / "innocent.py").write_text(_INNOCENT)
    return check(str(folder / "app.py"), CheckSettings()), check(str(folder / "innocent.py"), CheckSettings())


def led_by(result: CheckResult, counter: str) -> Finding:
    return next(one for one in result.findings if one.evidence[0].counter == counter)


def test_object_whose_count_rises_is_named(results: tuple[CheckResult, CheckResult]) -> None:
    found = led_by(results[0], "references")
    assert found.kind == "native"
    assert found.count.per_step == pytest.approx(1, rel=0.05)
    assert found.explanation is not None
    assert found.explanation.sentence.startswith("The reference count of `app.LIMITS` (the tuple) rises by 1 a step")
    assert [hop.label for hop in found.explanation.path] == ["app.LIMITS"]
    assert "lost-reference" in [one.id for one in found.explanation.advice]


def test_object_that_is_let_go_of_too_often_is_named_before_it_is_freed(
    results: tuple[CheckResult, CheckResult],
) -> None:
    found = led_by(results[0], "over-released")
    assert found.count.per_step == pytest.approx(1, rel=0.05)
    assert found.explanation is not None
    assert found.explanation.sentence.startswith("Native code let go of `app.SPARE` (the list)")


def test_extension_that_holds_objects_and_lets_them_go_is_cleared(results: tuple[CheckResult, CheckResult]) -> None:
    assert results[1].verdict is Verdict.NO_LEAK
