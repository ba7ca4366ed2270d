"""`outlive explain`: pages, the list, and what is said of an id that nothing has."""

from __future__ import annotations

import json

import pytest

from outlive.catalogue.entries import known_leaks, patterns
from outlive.cli.main import main


def test_page_of_a_pattern_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "lru-cache-on-method"]) == 0
    printed = capsys.readouterr().out
    assert "functools.lru_cache on a method" in printed
    assert "Do this instead" in printed
    assert "cached_property" in printed


def test_page_of_a_known_leak_names_the_fixed_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "multidict-pop"]) == 0
    printed = capsys.readouterr().out
    assert "Fixed in 6.7.1" in printed
    assert "https://github.com/aio-libs/multidict" in printed


def test_page_of_an_error_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "could-not-measure"]) == 0
    assert "never a verdict" in capsys.readouterr().out


def test_without_an_id_all_are_listed_with_their_titles(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    printed = capsys.readouterr().out
    for one in (*patterns(), *known_leaks()):
        assert one.id in printed
        assert one.title in printed


def test_unknown_id_is_wrong_usage_and_names_close_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "lru-cache-on-methods"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "lru-cache-on-methods" in printed.err
    assert "outlive explain lru-cache-on-method" in printed.err


def test_unknown_id_that_is_near_nothing_leads_to_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "zzzz"]) == 2
    assert "outlive explain   lists all ids" in capsys.readouterr().err


def test_json_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "timer-heap", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "outlive.explain/1"
    assert [one["id"] for one in told["entries"]] == ["timer-heap"]
    assert "call_later" in told["entries"][0]["example"]


def test_json_of_all_holds_every_entry(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    kinds = [one["type"] for one in told["entries"]]
    assert kinds.count("pattern") == len(patterns())
    assert kinds.count("known-leak") == len(known_leaks())
    assert "usage" in [one["id"] for one in told["entries"] if one["type"] == "error"]
