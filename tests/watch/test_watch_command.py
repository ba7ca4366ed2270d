"""`outlive watch` as people run it: real processes, exit codes, signals, streams."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

_QUIET = "print('ready', flush=True); input()"
_GROWS = """
import time
kept = []
print("ready", flush=True)
for _ in range(10_000):
    kept.append(bytearray(400_000))
    time.sleep(0.01)
"""
_FAST = ("--every", "0.05")


def test_a_quiet_process_passes(watch, start):
    done = watch(start(_QUIET).pid, *_FAST, "--samples", 4)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("=== Memory Usage Report ===\nSamples taken: 4\n")
    assert "✓ No significant memory growth detected" in done.stdout
    assert done.stderr == ""


def test_a_growing_process_does_not(watch, start):
    done = watch(start(_GROWS).pid, *_FAST, "--for", 1)
    assert done.returncode == 1
    assert "⚠️  WARNING: VmRSS increased by" in done.stdout
    assert done.stdout.rstrip().endswith("outlive check scenario.py")


def test_a_threshold_decides_the_exit_code(watch, start):
    pid = start(_GROWS).pid
    done = watch(pid, *_FAST, "--samples", 3, "--threshold", "vm_rss=off", "--threshold", "vm_data=1GB")
    assert done.returncode == 0, done.stdout


def test_leaked_files_pass_a_threshold_on_descriptors(watch, start):
    source = "import os, time\nprint('ready', flush=True)\nwhile True: os.dup(0); time.sleep(0.01)"
    done = watch(start(source).pid, *_FAST, "--samples", 8, "--threshold", "fds=3", "--threshold", "vm_data=off")
    assert done.returncode == 1
    assert "WARNING: fds increased by" in done.stdout


def test_a_program_that_is_not_python_is_watched(watch):
    with subprocess.Popen(["sleep", "60"]) as sleep:
        done = watch(sleep.pid, *_FAST, "--samples", 3, "--figure", "mappings", "--figure", "zombies")
        sleep.kill()
    assert done.returncode == 0, done.stderr
    assert "mappings" in done.stdout


def test_the_end_of_the_process_ends_the_watch(watching, start):
    program = start(_QUIET)
    watch = watching(program.pid, "--every", "0.05")
    watch.sample(2)
    program.end()
    summary, code = watch.end()
    assert summary["ending"] == "the process ended"
    assert code == 0


def test_a_process_that_is_not_there_could_not_be_measured(watch):
    ended = subprocess.Popen(["true"])
    ended.wait()
    done = watch(ended.pid)
    assert done.returncode == 3
    assert done.stderr.startswith(f"outlive: process {ended.pid} is not running\n")
    assert done.stdout == ""


def test_a_zombie_could_not_be_measured(watch):
    zombie = subprocess.Popen(["true"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    done = watch(zombie.pid)
    zombie.wait()
    assert done.returncode == 3
    assert "has ended" in done.stderr


def test_files_of_another_users_process_could_not_be_measured_when_asked_for():
    # `outlive` may lie where another user cannot read: it is loaded first, and then the user changes.
    source = """
import os, sys
from outlive.cli.main import main
main(["watch", str(os.getpid()), "--samples", "1"])
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.exit(main(sys.argv[1:]))
"""
    target = os.getpid() if os.geteuid() == 0 else 1
    if target == 1 and os.access("/proc/1/fd", os.R_OK):
        pytest.skip("no process of another user here")
    words = ["watch", str(target), "--every", "0.05", "--samples", "2"]
    run = [sys.executable, "-c", source]
    unasked = subprocess.run([*run, *words], capture_output=True, text=True, timeout=60)
    asked = subprocess.run([*run, *words, "--figure", "fds"], capture_output=True, text=True, timeout=60)
    assert "not read: fds: cannot read the open files" in unasked.stdout, unasked.stderr
    assert asked.returncode == 3
    assert "permission denied" in asked.stderr


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["0"],
        ["--figure", "vm_rs", "1"],
        ["--figure", "blocks", "1"],
        ["--threshold", "fds=1MB", "1"],
        ["--threshold", "fds", "1"],
        ["--every", "0", "1"],
        ["--samples", "0", "1"],
        ["--jsonl", "/no/such/folder/x", "1"],
        ["--", "/no/such/command"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_refused(watch, words):
    done = watch(*words)
    assert done.returncode == 2
    assert done.stderr.startswith("outlive: ")


def test_wrong_figures_are_refused_before_the_command_starts(watch, tmp_path):
    done = watch("--figure", "nonsense", "--", "touch", tmp_path / "started")
    assert done.returncode == 2
    assert not (tmp_path / "started").exists()


# A command that goes on until the watch has written three samples of it after the warm-up.
_SEEN = """
import json, sys, time
def samples():
    with open(sys.argv[1]) as lines:
        whole = [json.loads(line) for line in lines if line.endswith("\\n")]
    return [line for line in whole if line["kind"] == "sample" and not line["warmup"]]
def wait():
    while len(samples()) < 3: time.sleep(0.01)
"""


def test_a_command_keeps_its_streams_and_its_status_is_reported(watch, tmp_path):
    source = _SEEN + "print(sys.stdin.read().upper()); wait(); sys.exit(7)"
    file = tmp_path / "watch.jsonl"
    done = watch(*_FAST, "--warmup", "0.1", "--threshold", "vm_rss=1GB", "--threshold", "vm_data=1GB", "--jsonl", file,
                 "--", sys.executable, "-c", source, file, input="hello")  # fmt: skip
    assert done.stdout == "HELLO\n"
    assert done.stderr.startswith("=== Memory Usage Report ===")
    assert "the command exited with status 7" in done.stderr
    assert done.returncode == 0


def test_a_command_that_grows_does_not_pass(watch):
    done = watch(*_FAST, "--for", "1", "--", sys.executable, "-c", _GROWS)
    assert done.returncode == 1
    assert "the limit was reached, the command was ended by our SIGTERM" in done.stderr


def test_a_command_that_ends_in_its_warm_up_is_not_judged(watch):
    done = watch("--", "sleep", "0.1")
    assert done.returncode == 3
    assert "within the warm-up" in done.stderr
    assert "? Could not tell" in done.stderr


def test_a_command_that_ends_at_once_is_not_judged_and_leaves_no_traceback(watch):
    done = watch("--warmup", "0", "--", "true")
    assert done.returncode == 3
    assert "exited with status 0" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_killed_by_a_signal_is_said_to_be(watch, tmp_path):
    source = _SEEN + "import os, signal; wait(); os.kill(os.getpid(), signal.SIGSEGV)"
    file = tmp_path / "watch.jsonl"
    done = watch(*_FAST, "--warmup", "0", "--jsonl", file, "--", sys.executable, "-c", source, file)
    assert "the command was ended by SIGSEGV" in done.stderr


def test_ctrl_c_ends_the_watch_with_a_report(watching, start):
    watch = watching(start(_QUIET).pid, *_FAST)
    watch.sample(3)
    watch.signal(signal.SIGINT)
    summary, code = watch.end()
    assert summary["ending"] == "it was interrupted"
    assert summary["samples"] >= 3
    assert code == 0


def test_a_command_does_not_outlive_a_watch_that_is_told_to_end(watching):
    watch = watching(*_FAST, "--", "sleep", "600")
    pid = watch.line()["pid"]
    watch.sample(2)
    watch.signal(signal.SIGTERM)
    summary, _ = watch.end()
    assert summary["ending"] == "it was told to end, the command was ended by our SIGTERM"
    assert not os.path.exists(f"/proc/{pid}")


def test_a_command_that_ignores_sigterm_is_killed_on_ctrl_c(watching):
    source = """
import os, signal, time
signal.signal(signal.SIGTERM, lambda *_: os.write(1, b'{"kind": "told to end"}\\n'))
os.write(1, b'{"kind": "ready"}\\n')
while True:
    time.sleep(600)
"""
    watch = watching("--warmup", "0", *_FAST, "--", sys.executable, "-c", source)
    while watch.line()["kind"] != "ready":  # the command's words come among the lines: its stdout is its own
        pass
    watch.signal(signal.SIGTERM)
    while watch.line()["kind"] != "told to end":
        pass
    watch.signal(signal.SIGINT)
    summary, _ = watch.end()
    assert summary["ending"] == "it was told to end, the command was ended by our SIGKILL"


def test_lines_of_json_have_a_header_samples_and_a_summary(watch, start, tmp_path):
    file = tmp_path / "watch.jsonl"
    done = watch(start(_QUIET).pid, *_FAST, "--samples", 3, "--jsonl", file, "--threshold", "fds=3")
    header, *samples, summary = [json.loads(line) for line in file.read_text().splitlines()]
    assert done.stdout.startswith("=== Memory")
    assert (header["schema"], header["kind"]) == ("outlive.watch/1", "header")
    assert header["thresholds"] == {"vm_rss": 1024, "vm_data": 1024, "fds": 3}
    assert [sample["number"] for sample in samples] == [1, 2, 3]
    assert {name for sample in samples for name in sample["values"]} == {f["name"] for f in header["figures"]}
    assert summary["verdict"] == "within thresholds"
    assert [figure["name"] for figure in summary["figures"]] == [figure["name"] for figure in header["figures"]]


def test_json_on_stdout_stands_alone(watch, start):
    done = watch(start(_QUIET).pid, *_FAST, "--samples", 2, "--json")
    assert [json.loads(line)["kind"] for line in done.stdout.splitlines()] == ["header", "sample", "sample", "summary"]


def test_one_sample_is_a_look_and_no_failure(watch, start):
    done = watch(start(_QUIET).pid, "--samples", 1)
    assert done.returncode == 0
    assert "One sample says what is there, not what grows." in done.stdout


def test_a_full_disk_is_said(watch, start):
    done = watch(start(_QUIET).pid, *_FAST, "--samples", 2, "--jsonl", "/dev/full")
    assert done.returncode == 3
    assert "cannot write to /dev/full: No space left on device" in done.stderr


def test_a_terminal_shows_a_live_table_and_a_pipe_does_not(start):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "outlive", "watch", str(start(_QUIET).pid), "--every", "0.05", "--samples", "3"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment) as process:
        os.close(theirs)
        drawn = _read_to_end(ours)
        assert process.stdout is not None
        report = process.stdout.read().decode()
    os.close(ours)
    assert "VmRSS" in drawn
    assert "threshold" in drawn
    assert drawn.count("\x1b[?25l") == drawn.count("\x1b[?25h") == 1  # the cursor comes back
    assert report.startswith("=== Memory Usage Report ===")


def _read_to_end(terminal: int) -> str:
    drawn = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # how a terminal says that its other side is closed
            break
        drawn += piece
    return drawn.decode()
