"""Whole checks of programs that lose native memory, or keep it: who took it, who holds it, and what is no leak."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from outlive.model.explanation import Explanation
from outlive.model.verdict import CheckResult, Verdict
from outlive.session import CheckSettings, check

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")]
SETTINGS = CheckSettings(steps=300, time_budget_s=120, native=True)

# Memory in use moves by much more than is lost.
NOISE = """
    import random
    kept = [b""] * 50
    def make_noise(i):
        kept[i % 50] = bytes(random.randrange(100_000))
"""

Checked = Callable[..., CheckResult]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the extension in it."""
    folder = tmp_path_factory.mktemp("lossy")
    source = Path(__file__).with_name("lossy.c")
    target = f"lossy{sysconfig.get_config_var('EXT_SUFFIX')}"
    include = sysconfig.get_path("include")
    subprocess.run(
        ["cc", "-O1", "-shared", "-fPIC", f"-I{include}", "-o", target, source], cwd=folder, check=True, timeout=60
    )
    return folder


@pytest.fixture
def checked(folder: Path) -> Checked:
    def run(*code: str, **settings: object) -> CheckResult:
        (folder / "app.py").write_text("".join(map(textwrap.dedent, code)), encoding="utf-8")
        return check(str(folder / "app.py"), replace(SETTINGS, **settings))  # type: ignore[arg-type]

    return run


def _why(result: CheckResult) -> Explanation:
    assert result.verdict is Verdict.LEAK
    (finding,) = result.findings
    assert finding.kind == "native"
    assert finding.explanation is not None
    return finding.explanation


def test_what_an_extension_loses_names_its_function_and_the_line(checked: Checked) -> None:
    result = checked("import lossy\ndef step(i):\n    lossy.forget()\n")
    why = _why(result)
    assert why.sentence.startswith("make_record() of lossy, called from app.py:3 in step, takes a block of 304 bytes")
    assert [one.function for one in why.native][:2] == ["make_record", "forget"]
    assert result.findings[0].count.per_step == pytest.approx(1, rel=0.05)
    assert result.findings[0].bytes.per_step == pytest.approx(304, rel=0.05)
    assert all(control.seen for control in result.controls)
    assert [control.name for control in result.controls[2:]] == ["planted native loss", "planted native innocent"]


LOST_IN_NOISE = """
    import ctypes
    malloc = ctypes.CDLL(None).malloc
    malloc.restype = ctypes.c_void_p
    malloc.argtypes = [ctypes.c_size_t]
    def step(i):
        make_noise(i)
        if i % 2:
            malloc(16)
"""


def test_a_loss_far_below_the_noise_is_found(checked: Checked) -> None:
    result = checked(NOISE, LOST_IN_NOISE)
    assert _why(result).sentence.startswith("The C library, called through ctypes from app.py:14 in step, takes a")
    assert result.findings[0].bytes.per_step == pytest.approx(8, rel=0.05)


def test_a_loss_that_is_allowed_is_no_leak_and_no_counter_sees_it_in_the_noise(checked: Checked) -> None:
    result = checked(NOISE, LOST_IN_NOISE, allow=("blocks lost",))
    assert result.verdict is not Verdict.LEAK
    assert "allowed" in {note.slug for note in result.notes}


def test_what_a_variable_of_the_extension_keeps_names_the_variable(checked: Checked) -> None:
    why = _why(checked("import lossy\ndef step(i):\n    lossy.keep()\n"))
    assert why.sentence.startswith("make_record() of lossy, called from app.py:3 in step, takes a block of 304 bytes")
    assert "each is held from journal of lossy" in why.sentence


def test_what_an_object_keeps_names_the_object_and_its_holder(checked: Checked) -> None:
    result = checked("import lossy\nBUFFERS = {'one': lossy.Buffer()}\ndef step(i):\n    BUFFERS['one'].feed()\n")
    why = _why(result)
    assert "takes a block that grows by 500 bytes with each step; each is owned by a lossy.Buffer" in why.sentence
    assert why.path[0].label == "app.BUFFERS"
    assert result.findings[0].bytes.per_step == pytest.approx(500, rel=0.05)


MAPPED = """
    import ctypes
    mmap = ctypes.CDLL(None).mmap
    mmap.restype = ctypes.c_void_p
    mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    def step(i):
        mmap(None, 1 << 18, 3, 0x22, -1, 0)
"""


def test_memory_that_is_mapped_and_not_unmapped_names_the_line(checked: Checked) -> None:
    why = _why(checked(MAPPED))
    assert "called through ctypes from app.py:7 in step, takes 262,144 bytes of the system's memory" in why.sentence


TWO_ON_A_LINE = """
    import lossy
    class Session: pass
    KEPT = []
    def step(i):
        KEPT.append((Session(), lossy.forget()))
"""


def test_a_loss_beside_objects_that_stay_is_a_mistake_of_its_own(checked: Checked) -> None:
    kinds = sorted(finding.kind for finding in checked(TWO_ON_A_LINE).findings)
    assert kinds == ["native", "python-object"]


INNOCENT = """
    import lossy
    ring = []
    def step(i):
        make_noise(i)
        lossy.release()
        ring.append(bytearray(2000))
        if len(ring) > 40:
            del ring[0]
"""


def test_what_is_freed_or_kept_within_bounds_is_no_leak(checked: Checked) -> None:
    result = checked(NOISE, INNOCENT)
    assert result.verdict is not Verdict.LEAK
    assert all(control.seen for control in result.controls)
    assert len(result.controls) == 4


def test_steps_too_few_to_tell_are_said_where_the_look_was_asked_for(checked: Checked) -> None:
    few = checked("def step(i): pass\n", steps=30)
    assert any("native memory was not looked at: " in note.text for note in few.notes)
    assert all(note.slug != "native" for note in checked("def step(i): pass\n", steps=30, native=None).notes)


def test_a_scenario_that_cannot_run_twice_keeps_its_verdict(checked: Checked, tmp_path: Path) -> None:
    once = f"import os\nos.mkdir({str(tmp_path / 'once')!r})\ndef step(i): pass\n"
    result = checked(once)
    assert result.verdict is Verdict.NO_LEAK
    assert any("native memory could not be looked at: " in note.text for note in result.notes)
