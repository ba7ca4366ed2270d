"""Source lines for sites: the line when it can be had, nothing when it cannot, never an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from outlive.capture.sources import Sources
from outlive.model.explanation import Site


def test_the_line_is_given_without_its_indentation(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text("def f():\n    return [1]\n")
    assert Sources().line(str(file), 2) == "return [1]"


def test_callers_get_theirs_too(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text("a = 1\nb = 2\n")
    site = Sources().filled(Site(str(file), 1, "f", callers=(Site(str(file), 2, "g"),)))
    assert site is not None
    assert (site.source, site.callers[0].source) == ("a = 1", "b = 2")


def test_what_cannot_be_read_is_empty(tmp_path: Path) -> None:
    binary = tmp_path / "binary.py"
    binary.write_bytes(b"\xff\xfe\x00# coding: nonsense\n")
    sources = Sources()
    for file, line in (("<string>", 1), (str(tmp_path), 1), (str(tmp_path / "gone.py"), 1), (str(binary), 1)):
        assert sources.line(file, line) == ""


def test_a_line_beyond_the_file_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text("a = 1\n")
    assert Sources().line(str(file), 2) == Sources().line(str(file), 0) == ""


def test_a_file_below_the_working_folder_is_told_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app").mkdir()
    file = tmp_path / "app" / "api.py"
    file.write_text("a = 1\n")
    monkeypatch.chdir(tmp_path)
    site = Sources().filled(Site(str(file), 1, "f"))
    assert site is not None
    assert (site.file, site.source) == ("app/api.py", "a = 1")
