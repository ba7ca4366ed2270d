from __future__ import annotations

import os
import signal
import subprocess
import threading
import time

import pytest

from outlive.tracker import waiting as waiting_module
from outlive.tracker.waiting import Waiting, Woken
from outlive.tracker.watching import _next_due


def in_an_hour() -> float:
    return time.monotonic() + 3600


def test_the_end_of_the_process_ends_the_wait():
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as cat, Waiting(cat.pid) as waiting:
        assert cat.stdin is not None
        cat.stdin.close()
        assert waiting.until(in_an_hour()) is Woken.ENDED


@pytest.mark.parametrize(("number", "woken"), [(signal.SIGINT, Woken.INTERRUPTED), (signal.SIGTERM, Woken.TERMINATED)])
def test_a_signal_ends_the_wait_and_raises_nothing(number, woken):
    with Waiting(os.getpid()) as waiting:
        os.kill(os.getpid(), number)
        assert waiting.until(in_an_hour()) is woken


def test_a_signal_between_two_waits_is_not_lost():
    with Waiting(os.getpid()) as waiting:
        os.kill(os.getpid(), signal.SIGINT)
        assert waiting.until(time.monotonic()) is Woken.INTERRUPTED
        assert waiting.until(time.monotonic()) is Woken.TIME


def test_handlers_are_put_back_and_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        with Waiting(os.getpid()):
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGINT) is not interrupt
        assert signal.getsignal(signal.SIGINT) is interrupt
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_moment_in_the_past_is_no_wait_and_works_in_any_thread():
    woken = []

    def wait() -> None:
        with Waiting(os.getpid()) as waiting:
            woken.append(waiting.until(time.monotonic() - 1))

    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()
    assert woken == [Woken.TIME]


def test_without_a_pidfd_the_clock_still_ends_the_wait(monkeypatch):
    monkeypatch.setattr(waiting_module, "_pidfd", lambda pid: None)
    with Waiting(os.getpid()) as waiting:
        assert waiting.until(time.monotonic() + 0.01) is Woken.TIME


def test_samples_are_due_at_whole_intervals_and_late_ones_are_skipped(monkeypatch):
    monkeypatch.setattr(time, "monotonic", lambda: 107.25)
    assert _next_due(100.0, 1.0) == 108.0
    assert _next_due(100.0, 5.0) == 110.0
