from __future__ import annotations

import pytest

from outlive.errors import UsageError
from outlive.probes.registry import figure_named
from outlive.tracker.selection import select
from outlive.tracker.thresholds import parse_amount, parse_pair, with_defaults


@pytest.mark.parametrize(
    ("figure", "text", "amount"),
    [
        ("vm_rss", "2MB", 2048),
        ("vm_rss", "1024", 1024),
        ("vm_rss", "512 kb", 512),
        ("vm_rss", "1.5GB", 1572864),
        ("native_heap", "1KB", 1024),
        ("fds", "10", 10),
        ("fds", 0, 0),
        ("fds", "off", None),
    ],
)
def test_amounts_come_out_in_the_figures_unit(figure, text, amount):
    assert parse_amount(figure_named(figure), text) == amount


@pytest.mark.parametrize(
    ("figure", "text"), [("fds", "10MB"), ("vm_rss", "much"), ("vm_rss", "-1"), ("vm_rss", ""), ("vm_rss", "2TB")]
)
def test_amounts_that_do_not_fit_are_refused(figure, text):
    with pytest.raises(UsageError, match="is no threshold"):
        parse_amount(figure_named(figure), text)


def test_memory_has_one_megabyte_unless_somebody_chooses():
    assert with_defaults({}) == {"vm_rss": 1024, "vm_data": 1024}
    assert with_defaults({"VmRSS": None, "fds": 3}) == {"vm_data": 1024, "fds": 3}


def test_a_threshold_without_a_figure_is_refused():
    with pytest.raises(UsageError, match="'2MB' is no threshold"):
        parse_pair("2MB")
    assert parse_pair("fds = 3") == ("fds", "3")


def test_a_threshold_brings_its_figure_along():
    chosen = select([], {"mappings": 5}, own_process=False)
    assert "mappings" in chosen.names
    assert chosen.asked == {"mappings"}
