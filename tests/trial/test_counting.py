"""What a reading holds: every kind of resource in its counter, nothing of our own, and settled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.errors import MeasureError
from outlive.model.series import CounterKey, Series
from outlive.trial.options import Ended, Reading, TrialOptions
from outlive.trial.readings import Readings
from outlive.trial.supervisor import Trial

Write = Callable[[str], str]
_BATCH = 20


def measure(scenario: str, batches: int = 6) -> dict[CounterKey, Series]:
    readings = Readings()
    with Trial(scenario, TrialOptions(timeout_s=20)) as trial:
        assert trial.start() is None
        for _ in range(batches):
            reading = trial.advance(_BATCH)
            assert isinstance(reading, Reading), reading
            readings.add(reading)
    return dict(readings.series())


@pytest.mark.parametrize(
    ("source", "key", "per_step"),
    [
        ("class Foo: pass\ndef step(i): KEPT.append(Foo())", CounterKey("objects", "scenario.Foo"), 1),
        ("def step(i): KEPT.append(bytes(1000))", CounterKey("objects", "bytes"), 1),
        ("import os\ndef step(i): os.open('/dev/null', 0)", CounterKey("fds", "device"), 1),
        ("import socket\ndef step(i): KEPT.append(socket.socket())", CounterKey("fds", "socket"), 1),
        ("import os\ndef step(i): os.pipe()", CounterKey("fds", "pipe"), 2),
        (
            "import threading\ndef step(i): threading.Thread(target=threading.Event().wait, daemon=True).start()",
            CounterKey("threads"),
            1,
        ),
        ("import tempfile\ndef step(i): tempfile.mkstemp()", CounterKey("temp-files"), 1),
        (
            "import ctypes\nmalloc = ctypes.CDLL(None).malloc\ndef step(i): malloc(4088)",
            CounterKey("native", "", "bytes"),
            4096,
        ),
        ("import mmap\ndef step(i): KEPT.append(mmap.mmap(-1, 2**20))", CounterKey("mapped", "", "bytes"), 2**20),
        (
            "import asyncio\nasync def step(i): KEPT.append(asyncio.create_task(asyncio.Event().wait()))",
            CounterKey("tasks"),
            1,
        ),
        (
            "import asyncio\nasync def step(i): asyncio.get_running_loop().call_later(3600, print)",
            CounterKey("timers"),
            1,
        ),
    ],
    ids=lambda value: f"{value.counter} {value.type}".strip() if isinstance(value, CounterKey) else "",
)
def test_what_a_step_leaves_stands_in_its_counter(write: Write, source: str, key: CounterKey, per_step: int) -> None:
    values = measure(write(f"KEPT = []\n{source}"))[key].values
    assert values[-1] - values[1] == pytest.approx(per_step * _BATCH * 4, rel=0.02)


@pytest.mark.parametrize(
    "source",
    [
        "def step(i): pass",
        "async def step(i): pass",
        "class Node: pass\ndef step(i):\n    a, b = Node(), Node(); a.other, b.other = b, a",
        "import asyncio\nasync def step(i):\n    await asyncio.wait_for(asyncio.sleep(0), 30)",
        "import asyncio\nasync def step(i): asyncio.create_task(asyncio.sleep(0.005))",
        "async def ones():\n    try: yield 1\n    finally: pass\nasync def step(i):\n    async for n in ones(): break",
        "import subprocess\ndef step(i):\n    if i % 10 == 0: subprocess.run(['/bin/true'])",
        "import tempfile\ndef step(i):\n    with tempfile.TemporaryFile() as file: file.write(b'x')",
        "import asyncio\ndef step(i):\n    if i % 10 == 0: asyncio.run(asyncio.sleep(0))",
        "class Any:\n    def __getattr__(self, name): return 1\ndef step(i): getattr(Any(), f'name_{i}')",
    ],
)
def test_clean_steps_leave_every_counter_level(write: Write, source: str) -> None:
    moved = {}
    for key, one in measure(write(source)).items():
        late = one.values[2:]
        # The numbers we keep ourselves (steps so far, times) may be one int or float more or less; mappings and the
        # C heap move in pages and are the judge's to read.
        if key.counter in ("native", "mapped", "bytes") or key.type in ("int", "float") or "control" in key.type:
            continue
        if max(late) - min(late) > (4 if key.counter == "blocks" else 0):
            moved[key] = list(one.values)
    assert moved == {}


def test_controls_are_planted_once_a_batch_and_taken_off_the_blocks(write: Write) -> None:
    series = measure(write("def step(i): pass"))
    leaked = series[CounterKey("objects", "outlive.control.Leaked")].values
    assert list(leaked) == [1, 2, 3, 4, 5, 6]
    assert CounterKey("objects", "outlive.control.Dropped") not in series


def test_setup_and_teardown_of_both_kinds_are_run(write: Write, tmp_path: Path) -> None:
    source = """
        import asyncio
        SEEN = open("{tmp}/seen", "w", buffering=1)
        async def setup():
            print("setup", id(asyncio.get_running_loop()), file=SEEN)
        def step(i): print("step", i, file=SEEN)
        async def teardown():
            print("teardown", id(asyncio.get_running_loop()), file=SEEN)
        """
    with Trial(write(source)) as trial:
        trial.start()
        trial.advance(2)
        trial.finish()
    rows = [row.split() for row in (tmp_path / "kept" / "seen").read_text().splitlines()]
    assert [row[0] for row in rows] == ["setup", "step", "step", "teardown"]
    assert rows[0][1] == rows[3][1]


@pytest.mark.parametrize(
    "source",
    [
        "def step(): pass",
        "async def step(): pass",
        "def step(data=None): assert data is None",
        "def step(*args): assert len(args) == 1",
        "import functools\ndef inner(what, i): assert i >= 0\nstep = functools.partial(inner, 'x')",
        "class Step:\n    def __call__(self, i): assert i >= 0\nstep = Step()",
        "class Steps:\n    def one(self): pass\nstep = Steps().one",
        "import functools\ndef plain(): pass\n@functools.wraps(plain)\ndef step(*args): plain(*args)",
        "async def inner(i): assert i >= 0\ndef step(i): return inner(i)",
    ],
)
def test_step_of_any_shape_is_called_as_it_wants(write: Write, source: str) -> None:
    with Trial(write(source)) as trial:
        assert trial.start() is None
        assert isinstance(trial.advance(3), Reading)
        assert trial.finish().reason == "the scenario finished after 3 steps"


def test_function_of_an_importable_module_is_a_step(tmp_path: Path) -> None:
    with Trial("os.path:abspath", TrialOptions(cwd=str(tmp_path))) as trial:
        ended = trial.start() or trial.advance(1)
    assert isinstance(ended, Ended)
    assert "expected str, bytes or os.PathLike object, not int in step 0" in ended.reason


def test_function_of_a_package_in_the_working_folder_is_a_step(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("KEPT = []\nclass Order: pass\ndef buy(): KEPT.append(Order())\n")
    with Trial("shop:buy", TrialOptions(cwd=str(tmp_path), env={"PYTHONDONTWRITEBYTECODE": "1"})) as trial:
        assert trial.start() is None
        reading = trial.advance(7)
    assert isinstance(reading, Reading)
    assert reading.values[CounterKey("objects", "shop.Order")] == 7
    assert trial.own_modules == {"shop"}


def test_later_readings_hold_only_what_changed(write: Write) -> None:
    with Trial(write("def step(i): pass")) as trial:
        trial.start()
        first, *_, last = [trial.advance(1) for _ in range(4)]
    assert isinstance(first, Reading)
    assert isinstance(last, Reading)
    assert len(first.values) > 200
    assert len(last.values) < 20


def test_question_is_answered_and_an_unknown_one_refused(write: Write) -> None:
    with Trial(write("def step(i): pass")) as trial:
        trial.start()
        assert trial.ask("echo", {"a": [1, "b", None]}) == {"a": [1, "b", None]}
        with pytest.raises(MeasureError, match="could not answer 'nonsense'"):
            trial.ask("nonsense", {})
        assert isinstance(trial.advance(1), Reading)


def test_repeatable_environment_keeps_what_the_user_tuned(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.perturb=1")
    source = """
        import os, sys
        def step(i): raise ValueError(os.environ["GLIBC_TUNABLES"], os.environ["PYTHONHASHSEED"], sys.path[0])
        """
    with Trial(write(source)) as trial:
        trial.start()
        ended = trial.advance(1)
    assert isinstance(ended, Ended)
    assert "glibc.malloc.perturb=1:glibc.malloc.tcache_count=0', '0'" in ended.reason


def test_scenario_does_not_see_our_line_in_its_environment(write: Write) -> None:
    source = "import os\ndef step(i): assert not [name for name in os.environ if name.startswith('OUTLIVE_TRIAL_')]"
    with Trial(write(source)) as trial:
        assert trial.start() is None
        assert isinstance(trial.advance(1), Reading)


def test_python_that_is_not_there_is_refused(write: Write) -> None:
    with pytest.raises(MeasureError, match="cannot start /no/python"):
        Trial(write("def step(i): pass"), TrialOptions(python="/no/python")).start()
