"""Names of functions are told whole, on every Python."""

from __future__ import annotations

import sys

import pytest

from outlive.trial.qualified import qualify


class Writer:
    def write(self) -> int:
        return sys._getframe().f_lineno


class Reader:
    def write(self) -> int:
        return sys._getframe().f_lineno


only_last_names = pytest.mark.skipif(sys.version_info >= (3, 11), reason="code knows its whole name from 3.11 on")


@only_last_names
def test_a_method_is_told_with_its_class_by_the_line_in_it() -> None:
    rows = [[__file__, Writer().write(), "write"], [__file__, Reader().write(), "write"]]
    qualify(rows)
    assert [row[2] for row in rows] == ["Writer.write", "Reader.write"]


@only_last_names
def test_a_line_that_is_in_no_such_function_keeps_its_last_name() -> None:
    rows = [[__file__, 1, "write"], ["/elsewhere.py", 3, "write"]]
    qualify(rows)
    assert [row[2] for row in rows] == ["write", "write"]


def test_a_whole_name_is_left_as_it_is() -> None:
    rows = [[__file__, 16, "Other.write"]]
    qualify(rows)
    assert rows[0][2] == "Other.write"
