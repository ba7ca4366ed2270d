from __future__ import annotations

import os
import tempfile

from outlive.probes import temp_files

_LEAVES_FILES = """
import os, tempfile
left = tempfile.mkstemp(prefix="left-")
os.close(left[0])
opened = tempfile.NamedTemporaryFile(prefix="opened-")
print("ready", flush=True)
input()
"""


def test_entries_are_counted_through_all_folders(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inner").write_text("")
    (tmp_path / "link").symlink_to("/")
    assert temp_files.count_in([str(tmp_path)]) == 3


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert temp_files.count_in([str(tmp_path / "gone")]) == 0


def test_files_of_another_process_are_found_open_and_left(tmp_path, start, monkeypatch):
    (tmp_path / "older").write_text("")
    os.utime(tmp_path / "older")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    program = start(_LEAVES_FILES)
    rows = {os.path.basename(row.path).partition("-")[0]: row.is_open for row in temp_files.made_by(program.pid)}
    assert rows["left"] is False
    assert rows["opened"] is True


def test_a_file_older_than_the_process_is_not_its_own(tmp_path, start, monkeypatch):
    old = tmp_path / "old"
    old.write_text("")
    program = start("print('ready', flush=True); input()")  # a program that began before what follows
    monkeypatch.setattr(temp_files, "_began_ns", lambda pid: old.stat().st_ctime_ns + 1)
    monkeypatch.setattr(temp_files, "_environment", lambda pid: {"TMPDIR": str(tmp_path)})
    assert temp_files.made_by(program.pid) == []


def test_a_process_began_before_it_made_its_first_file(tmp_path, start, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before_ns = tmp_path.stat().st_ctime_ns
    program = start(_LEAVES_FILES)
    began_ns = temp_files._began_ns(program.pid)
    assert before_ns - 50_000_000 <= began_ns <= min(entry.stat().st_ctime_ns for entry in tmp_path.iterdir())


def test_own_folder_is_what_tempfile_has_settled_on(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert temp_files.own_folders() == [str(tmp_path)]
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", "/elsewhere")
    assert temp_files.own_folders() == ["/elsewhere"]
