from __future__ import annotations

import gc
import mmap
import os

import pytest

import outlive
from outlive.errors import UsageError
from outlive.probes.refusals import NotPermitted, ProcessGone
from outlive.tracker import tracker as tracker_module

_KEEPS = """
kept = []
print("ready", flush=True)
while True:
    input()
    kept.append(bytearray(4 * 1024 * 1024))
    print("done", flush=True)
"""


def course(report, name):
    return next(course for course in report.figures if course.figure.name == name)


def test_starting_takes_the_first_sample():
    with outlive.Tracker() as t:
        for _ in range(10):
            t.sample()
        assert t.report().samples == 11
    assert t.report().samples == 11


def test_a_block_that_took_no_sample_gets_one_at_its_end():
    with outlive.Tracker() as t:
        # a mapping of its own: what malloc hands out may be memory that the process had before
        kept = mmap.mmap(-1, 3 * 1024 * 1024, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    assert t.report().samples == 2
    assert course(t.report(), "vm_data").growth >= 3 * 1024
    assert not t.report().passed
    kept.close()


def test_another_process_that_grows_does_not_pass(start):
    program = start(_KEEPS)
    with outlive.Tracker(program.pid) as t:
        program.tell()
        t.sample()
        report = t.report()
    assert not report.passed
    assert {course.figure.name for course in report.figures if course.exceeded} == {"vm_rss", "vm_data"}
    assert "WARNING: VmRSS increased by" in report.text()
    assert report.to_json()["verdict"] == "threshold passed"


def test_growth_within_a_wider_threshold_passes(start):
    program = start(_KEEPS)
    with outlive.Tracker(program.pid, thresholds={"vm_rss": "8MB", "VmData": 8192}) as t:
        program.tell()
        t.sample()
    assert t.report().passed


def test_descriptors_are_judged_when_they_have_a_threshold():
    with outlive.Tracker(figures=["pipes"], thresholds={"fds": 1}) as t:
        pipe = os.pipe()
        t.sample()
        for descriptor in pipe:
            os.close(descriptor)
        assert course(t.report(), "fds").exceeded
        t.sample()
    report = t.report()
    assert report.passed
    assert (course(report, "pipes").peak_growth, course(report, "pipes").growth) == (2, 0)


def test_figures_of_python_are_followed_in_the_own_process():
    names = ["blocks", "gc_objects", "native_heap", "tasks", "timers", "interpreters"]
    with outlive.Tracker(os.getpid(), figures=names) as t:
        t.sample()
    assert set(names) <= {course.figure.name for course in t.report().figures}


def test_figures_of_python_are_refused_for_another_process():
    with pytest.raises(UsageError, match="blocks can only be read inside"):
        outlive.Tracker(os.getppid(), figures=["blocks"])


def test_an_ended_process_is_refused_and_what_was_seen_stays(start):
    program = start(_KEEPS)
    with outlive.Tracker(program.pid) as t:
        t.sample()
        program.end()
        with pytest.raises(ProcessGone):
            t.sample()
        with pytest.raises(ProcessGone):
            t.start()
    assert t.report().samples == 2


def test_a_block_whose_process_ends_in_it_still_leaves(start):
    program = start(_KEEPS)
    with outlive.Tracker(program.pid) as t:
        program.end()
    assert t.report().samples == 1
    assert not t.report().passed
    assert "Could not tell" in t.report().text()


def test_a_report_before_any_sample_is_refused():
    with pytest.raises(UsageError, match="no sample"):
        outlive.Tracker().report()


@pytest.fixture
def denied_fds(monkeypatch):
    """The open files may not be read, as those of another user's process."""

    def deny(pid):
        raise NotPermitted(os.getpid(), "the open files")

    sources = [
        tracker_module.registry.Source(source.probe, source.figures, deny) if source.probe.name == "fds" else source
        for source in tracker_module.registry.SOURCES
    ]
    monkeypatch.setattr(tracker_module.registry, "SOURCES", tuple(sources))


@pytest.mark.usefixtures("denied_fds")
def test_a_default_figure_that_may_not_be_read_is_left_out_and_named():
    with outlive.Tracker() as t:
        t.sample()
    report = t.report()
    assert "fds" not in {course.figure.name for course in report.figures}
    assert "not read: fds: cannot read the open files of process" in report.text()


@pytest.mark.usefixtures("denied_fds")
def test_a_figure_that_was_asked_for_is_never_left_out():
    with pytest.raises(NotPermitted):
        outlive.Tracker(thresholds={"fds": 5}).start()


def test_a_tracker_does_not_grow_with_its_samples():
    """The better of two rounds: what a sample keeps is kept in each, what another thread has just made in one."""
    grown = []
    with outlive.Tracker(figures=["blocks"]) as t:
        for rounds in (50, 400, 400):
            gc.collect()  # empties the interpreter's free lists too, which fill with every tuple that goes
            t.start()
            for _ in range(rounds):
                t.sample()
            gc.collect()
            t.sample()
            grown.append(course(t.report(), "blocks").growth)
    assert min(grown[1:]) < 50
