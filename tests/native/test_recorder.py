"""The recorder does no harm: threads, forks, signals, too little memory, and programs it cannot serve."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from outlive.capture.blocks import load_blocks
from outlive.capture.blocks_preload import block_environment, recorder
from outlive.capture.blocks_twice import lost_blocks
from outlive.capture.container import DamagedSnapshot
from outlive.model.native_blocks import BlockClass, LookReason


@pytest.mark.slow
def test_threads_forks_and_signals_leave_an_exact_table(compiled, recorded, tmp_path):
    done = recorded([compiled("soak.c")], folder=tmp_path)
    assert done.returncode == 0, done.stderr
    paths = sorted(tmp_path.iterdir())
    assert len(paths) == 9
    looks = {look.facts["pid"]: look for look in map(load_blocks, paths)}
    parent = looks[min(looks)]
    frames = [look_frames(parent, row) for row in range(len(parent.address))]
    assert not [names for names in frames if names and names[0].endswith("/soak")]
    for look in looks.values():
        assert (look.facts["not_seen"], look.facts["not_forgotten"], look.facts["overlapping"]) == (0, 0, 0)


def look_frames(look, row):
    return [frame.module.path for frame in look.frames(int(look.stack[row])) if frame.module]


def test_a_program_that_runs_out_of_memory_goes_on(compiled):
    program = compiled("small.c")
    for kilobytes in (20_000, 60_000, 100_000, 130_000):
        limited = ["sh", "-c", f"ulimit -v {kilobytes}; exec {program}"]
        environment = {**os.environ, "PRELOAD": str(recorder())}
        environment.update(OUTLIVE_BLOCKS="exact,64M")
        limited[2] = f"ulimit -v {kilobytes}; LD_PRELOAD=$PRELOAD exec {program}"
        assert subprocess.run(limited, env=environment, timeout=60).returncode == 0


def test_a_table_that_is_full_says_so_and_accuses_nobody_of_what_it_cannot_know(recorded_python, tmp_path):
    source = """
import numpy
held = [numpy.ones(200) for _ in range(20_000)]
for i in range(20_000): libc.malloc(200)
look(sys.argv[1])
look(sys.argv[2])
"""
    recorded_python(source, tmp_path / "first", tmp_path / "second", limit_bytes=1 << 20)
    first, second = load_blocks(tmp_path / "first"), load_blocks(tmp_path / "second")
    assert first.facts["not_seen"] > 10_000
    assert "blocks were not recorded" in first.seen.doubts[0]
    assert all(group.bytes == 200 * group.count for group in lost_blocks(first, second))


def test_sampled_blocks_are_a_fair_part_of_all(recorded_python, tmp_path):
    source = "for i in range(60_000): libc.malloc(1024)\nlook(sys.argv[1]); look(sys.argv[2])"
    recorded_python(source, tmp_path / "first", tmp_path / "second", mode="sampled", sample_bytes=64 << 10)
    look = load_blocks(tmp_path / "first")
    lost = int(np.count_nonzero((look.size == 1024) & (look.block_class == BlockClass.LOST)))
    assert 700 < lost < 1200, "60 MB by 64 KiB is about 940"
    assert look.seen.sampled_bytes == 64 << 10


def test_a_signal_asks_for_a_look(recorded_python, tmp_path):
    source = "import os, signal\nos.kill(os.getpid(), signal.SIGUSR1)\n_recorder.outlive_blocks_wait()\n"
    recorded_python(source, folder=tmp_path, look_signal=10)
    assert [load_blocks(path).why for path in sorted(tmp_path.iterdir())] == [LookReason.SIGNAL, LookReason.END]


def test_the_program_sees_no_child_of_a_look(recorded_python, tmp_path):
    source = """
import os, signal
seen = []
signal.signal(signal.SIGCHLD, lambda *_: seen.append(1))
look(sys.argv[1])
try:
    os.waitpid(-1, 0)
except ChildProcessError:
    seen.append("none")
print(seen)
"""
    assert recorded_python(source, tmp_path / "first").stdout == "['none']\n"


def test_what_a_program_prints_and_returns_is_the_same(recorded):
    done = recorded([sys.executable, "-c", "import sys; print('out'); sys.exit(3)"])
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "")


def test_without_settings_nothing_is_recorded(tmp_path):
    environment = block_environment(os.environ)
    del environment["OUTLIVE_BLOCKS"]
    source = "import ctypes; print(ctypes.CDLL(None).outlive_blocks_mode())"
    done = subprocess.run([sys.executable, "-c", source], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout == "0\n"


def test_a_vforked_child_that_ends_is_no_look(recorded_python, tmp_path):
    recorded_python(
        "import subprocess\nsubprocess.run(['/nonexistent-program'], check=False) if False else None\n"
        "try: subprocess.Popen(['/nonexistent-program'])\nexcept OSError: pass\n",
        folder=tmp_path,
    )
    assert len(list(tmp_path.iterdir())) == 1


def test_a_snapshot_is_not_taken_for_a_look(tmp_path):
    import outlive

    outlive.snapshot(tmp_path / "heap")
    with pytest.raises(DamagedSnapshot, match="not a look at native memory"):
        load_blocks(tmp_path / "heap")


def test_a_damaged_look_is_refused(compiled, recorded, tmp_path):
    recorded([compiled("classes.c"), tmp_path / "first", tmp_path / "second"])
    whole = (tmp_path / "first").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedSnapshot):
        load_blocks(tmp_path / "cut")
