from __future__ import annotations

from dataclasses import replace

import pytest

from outlive.model.figures import Course, Figure, WatchSummary, begin, follow
from outlive.probes.registry import FIGURES
from outlive.reports import watch_text

_SEED = """\
=== Memory Usage Report ===
Samples taken: 11

Initial:  VmSize:    75172 KB, VmRSS:    30292 KB, VmData:    11908 KB
Minimum:  VmSize:    75172 KB, VmRSS:    30292 KB, VmData:    11908 KB
Maximum:  VmSize:    75172 KB, VmRSS:    30636 KB, VmData:    11908 KB
Final:    VmSize:    75172 KB, VmRSS:    30636 KB, VmData:    11908 KB

Memory Growth (Final - Initial):
  VmSize:        0 KB
  VmRSS:       344 KB (↑ increased)
  VmData:        0 KB

Peak Memory Growth (Max - Initial):
  VmSize:        0 KB
  VmRSS:       344 KB
  VmData:        0 KB

=== Memory Leak Analysis ===
✓ No significant memory growth detected
  All memory deltas are within acceptable threshold (< 1024 KB)
"""


def flat(name: str, value: int, threshold: int | None = None) -> Course:
    return begin(FIGURES[name], value, threshold)


@pytest.fixture
def summary() -> WatchSummary:
    """The field report's own example."""
    courses = (flat("vm_size", 75172), follow(flat("vm_rss", 30292, 1024), 30636), flat("vm_data", 11908, 1024))
    return WatchSummary(pid=4312, samples=11, elapsed_s=10.0, courses=courses, unread={})


def grown(summary: WatchSummary, name: str, by: int) -> WatchSummary:
    courses = [follow(c, c.initial + by) if c.figure.name == name else c for c in summary.courses]
    return replace(summary, courses=tuple(courses))


def test_the_field_reports_text_is_kept_to_the_letter(summary):
    assert watch_text.render(summary).startswith(_SEED)


def test_growth_of_just_the_threshold_is_within_it(summary):
    assert "✓ No significant" in watch_text.render(grown(summary, "vm_data", 1024))


def test_growth_past_the_threshold_is_a_warning_and_not_called_a_leak(summary):
    text = watch_text.render(grown(summary, "vm_data", 1025))
    assert "⚠️  WARNING: VmData increased by 1025 KB (>1024 KB threshold)\n" in text
    assert "✓" not in text
    assert "not yet a leak" in text
    assert text.rstrip().endswith("outlive check scenario.py")


def test_vm_size_is_never_judged_by_default(summary):
    assert grown(summary, "vm_size", 10**9).passed


def test_decrease_has_its_arrow(summary):
    assert "  VmData:     -908 KB (↓ decreased)\n" in watch_text.render(grown(summary, "vm_data", -908))


def test_other_figures_have_a_table_and_their_own_verdict(summary):
    fds = follow(follow(begin(Figure("fds", "fds"), 4, 5), 20), 12)
    text = watch_text.render(replace(summary, courses=(*summary.courses, fds)))
    row = next(line for line in text.splitlines() if line.startswith("  fds"))
    assert row.split() == ["fds", "4", "4", "20", "12", "8", "16", "(↑", "increased)"]
    assert "⚠️  WARNING: fds increased by 8 (>5 threshold)" in text
    assert "✓ No significant memory growth detected" in text


def test_thresholds_that_differ_are_both_named(summary):
    courses = tuple(replace(c, threshold=2048) if c.figure.name == "vm_rss" else c for c in summary.courses)
    text = watch_text.render(replace(summary, courses=courses))
    assert "within acceptable thresholds (VmRSS < 2048 KB, VmData < 1024 KB)" in text


def test_what_was_not_judged_claims_nothing(summary):
    unjudged = replace(grown(summary, "vm_rss", 5000), judged=False, command=("app", "--x y"), ending="it broke off")
    text = watch_text.render(unjudged)
    assert not unjudged.passed
    assert "? Could not tell" in text
    assert "WARNING" not in text
    assert "✓" not in text
    assert "app '--x y' (process 4312), 11 samples over 10.0 s; it broke off" in text


def test_colour_is_only_there_when_asked_for(summary):
    assert "\x1b" not in watch_text.render(summary)
    assert "\x1b" in watch_text.render(summary, color=True)
