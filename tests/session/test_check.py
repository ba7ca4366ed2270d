"""Whole checks of small programs: the verdict, what it names, and what is left behind (nothing)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from outlive import session
from outlive.model.verdict import CheckResult, Outcome, Verdict
from outlive.session import CheckSettings, check

pytestmark = pytest.mark.slow


def result_of(folder: Path, code: str, *, time_budget_s: float | None = 120, **settings: object) -> CheckResult:
    """Where nothing else is said, a check ends by what it sees; the time is for a machine that has much else to do."""
    scenario = folder / "scenario.py"
    scenario.write_text(code)
    settings.setdefault("native", False)  # a second run has tests of its own
    return check(str(scenario), CheckSettings(time_budget_s=time_budget_s, **settings))  # type: ignore[arg-type]


def test_an_object_kept_by_every_step_is_a_leak_and_is_named(tmp_path: Path) -> None:
    code = "class Session: pass\nkept = []\ndef step(i): kept.append(Session())\n"
    result = result_of(tmp_path, code)
    assert result.verdict is Verdict.LEAK
    assert result.findings[0].type == "scenario.Session"
    assert result.findings[0].count.per_step == pytest.approx(1, rel=0.01)
    assert result.findings[0].count.low <= 1 <= result.findings[0].count.high
    assert all(control.seen for control in result.controls)


def test_a_step_that_keeps_nothing_is_no_leak(tmp_path: Path) -> None:
    result = result_of(tmp_path, "def step(i): return [object() for _ in range(10)]\n")
    assert result.verdict is Verdict.NO_LEAK
    assert result.smallest_visible["objects"].per_step < 1 / 1000


def test_one_object_in_a_hundred_steps_is_seen(tmp_path: Path) -> None:
    code = "kept = []\ndef step(i):\n    if i % 100 == 7: kept.append(bytes(64))\n"
    result = result_of(tmp_path, code)
    assert result.verdict is Verdict.LEAK
    assert result.findings[0].count.per_step == pytest.approx(0.01, rel=0.2)


def test_memory_that_native_code_loses_is_a_leak_without_a_type(tmp_path: Path) -> None:
    code = (
        "import ctypes\nmalloc = ctypes.CDLL(None).malloc\nmalloc.restype = ctypes.c_void_p\n"
        "malloc.argtypes = [ctypes.c_size_t]\ndef step(i): malloc(1000)\n"
    )
    result = result_of(tmp_path, code)
    assert result.verdict is Verdict.LEAK
    assert result.findings[0].kind == "native"
    assert result.findings[0].bytes.per_step == pytest.approx(1008, rel=0.02)


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        ("os.open('/dev/null', os.O_RDONLY)", "fd"),
        ("threading.Thread(target=threading.Event().wait, daemon=True).start()", "thread"),
        ("kept.append(subprocess.Popen(['true']))", "process"),
        ("tempfile.mkstemp()", "fd"),
    ],
)
def test_what_the_system_lends_is_counted(tmp_path: Path, made: str, kind: str) -> None:
    code = f"import os, subprocess, tempfile, threading\nkept = []\ndef step(i): {made}\n"
    result = result_of(tmp_path, code, steps=200)
    assert result.verdict is Verdict.LEAK
    assert result.findings[0].kind == kind


def test_a_task_that_never_ends_is_found_in_an_async_scenario(tmp_path: Path) -> None:
    code = (
        "import asyncio\nkept = []\n"
        "async def wait(): await asyncio.Event().wait()\n"
        "async def step(i): kept.append(asyncio.ensure_future(wait())); await asyncio.sleep(0)\n"
    )
    result = result_of(tmp_path, code, steps=1000)
    assert result.verdict is Verdict.LEAK
    assert result.findings[0].kind == "task"


def test_a_bounded_cache_that_cannot_be_filled_in_time_is_filling(tmp_path: Path) -> None:
    code = (
        "import functools, time\n@functools.lru_cache(maxsize=100_000)\ndef page(i): return ['page', i]\n"
        "def step(i):\n    time.sleep(0.002)\n    page(i)\n"
    )
    result = result_of(tmp_path, code, time_budget_s=4)
    assert result.verdict is not Verdict.LEAK
    assert [note.slug for note in result.notes if note.slug == "filling"], result.notes
    assert "lru_cache(maxsize=100000)" in next(n.text for n in result.notes if n.slug == "filling")


def test_an_unbounded_cache_of_the_same_speed_is_not_excused(tmp_path: Path) -> None:
    code = (
        "import functools, time\n@functools.lru_cache(maxsize=None)\ndef page(i): return ['page', i]\n"
        "def step(i):\n    time.sleep(0.002)\n    page(i)\n"
    )
    result = result_of(tmp_path, code, time_budget_s=4)
    assert result.verdict is not Verdict.NO_LEAK
    assert not [note for note in result.notes if note.slug == "filling"]


def test_what_is_allowed_fails_nothing_and_is_said(tmp_path: Path) -> None:
    code = "class Session: pass\nkept = []\ndef step(i): kept.append(Session())\n"
    result = result_of(tmp_path, code, allow=("scenario.Session",), steps=2000)
    assert result.verdict is Verdict.NO_LEAK, [(f.kind, f.type, f.evidence) for f in result.findings]
    assert any(note.slug == "allowed" for note in result.notes)


def test_a_scenario_that_raises_later_is_still_judged_by_what_was_seen(tmp_path: Path) -> None:
    code = (
        "class Session: pass\nkept = []\n"
        "def step(i):\n    kept.append(Session())\n    if i == 300_000: raise RuntimeError('full')\n"
    )
    result = result_of(tmp_path, code)
    assert result.verdict is Verdict.LEAK
    early = result_of(tmp_path, code.replace("300_000", "40"))
    assert early.verdict is Verdict.COULD_NOT_TELL
    assert early.outcome is Outcome.RAISED
    assert "RuntimeError: full" in early.traceback


def test_a_scenario_that_switches_the_sensors_off_gets_no_verdict(tmp_path: Path) -> None:
    """The collector replaced by nothing: the planted innocent stays, so the run says that it was blind."""
    code = (
        "import ctypes, gc\nreal = gc.collect\n"
        "class Cycle:\n    def __init__(self): self.me = self\n"
        "def step(i): Cycle()\n"
        "def setup():\n    import outlive.lifetimes.settle as settle\n"
        "    settle.collect = lambda *a: 0\n    gc.disable()\n"
    )
    result = result_of(tmp_path, code, time_budget_s=5)
    assert result.verdict is Verdict.COULD_NOT_TELL
    assert result.outcome is Outcome.BLIND
    assert not all(control.seen for control in result.controls)


def test_terminated_check_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.py"
    temp = tmp_path / "temp"
    temp.mkdir()
    os.mkfifo(tmp_path / "ready")
    scenario.write_text("import time\ndef step(i):\n    open('ready', 'w').close()\n    time.sleep(60)\n")
    command = [sys.executable, "-m", "outlive", "check", "scenario.py"]
    environment = {**os.environ, "TMPDIR": str(temp)}
    running = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with open(tmp_path / "ready"):
        pass
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=60) == 128 + signal.SIGTERM
    assert list(temp.iterdir()) == []


@pytest.mark.any_python
def test_slow_steps_get_more_time_only_while_something_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under 800 steps in the usual time, of 3 s here: too few to accuse; enough when the doubt is followed.

    The longer time is ample, for a machine under load: three quarters of it pass before anything is accused.
    """
    monkeypatch.setattr(session, "_USUAL_SECONDS", 3.0)
    monkeypatch.setattr(session, "_DOUBTFUL_SECONDS", 24.0)
    leaking = "import time\nkept = []\ndef step(i):\n    time.sleep(0.004)\n    kept.append({'number': i})\n"
    result = result_of(tmp_path, leaking, time_budget_s=None)
    assert result.cost is not None
    assert result.verdict is Verdict.LEAK, result.reason
    assert result.cost.wall_seconds > 3
    limited = result_of(tmp_path, leaking, time_budget_s=0.8)
    assert limited.verdict is Verdict.COULD_NOT_TELL


def test_functions_that_warm_up_one_after_the_other_are_no_leak(tmp_path: Path) -> None:
    """On 3.10 a code object gets caches in its 1,024th run: hundreds of functions, a slow and steady growth."""
    code = (
        "source = '\\n'.join(f'def f{k}(x):\\n    return len(str(x)) + {k}' for k in range(300))\n"
        "exec(source)\n"
        "functions = [globals()[f'f{k}'] for k in range(300)]\n"
        "def step(i):\n"
        "    for k in range(300):\n"
        "        if i % (1 + k % 7) == 0: functions[k](i)\n"
    )
    assert result_of(tmp_path, code, steps=4000).verdict is Verdict.NO_LEAK
