"""Reading what the guard wrote, whole or not."""

from __future__ import annotations

import os

import pytest

from outlive.capture.blocks_preload import block_environment
from outlive.capture.broken import load_broken

LINE = (
    "1\tdouble-free\tabc\t7f00\t40\t0\t\t\tmade|7|/a%20b/p+12 /l.so+1f|app.py:3:main\tfreed|7|/p+13|\tused|8|/p+14|\t."
)


def write(folder, *lines, name="broken-12.txt"):
    (folder / name).write_text("\n".join(lines))


def test_a_mistake_is_read_with_its_calls(tmp_path):
    write(tmp_path, LINE, "")
    (use,) = load_broken(tmp_path)
    made = dict(use.calls)["made"]
    assert (use.kind, use.address, use.bytes, use.count) == ("double-free", 0x7F00, 40, 1)
    assert [(frame.module, frame.address) for frame in made.frames] == [("/a b/p", 0x12), ("/l.so", 0x1F)]
    assert (made.lines[0].file, made.lines[0].line, made.lines[0].function, made.thread) == ("app.py", 3, "main", 7)


def test_counts_are_the_last_that_was_written(tmp_path):
    write(tmp_path, LINE, "1\tagain\tabc\t2\t.", "1\tagain\tabc\t4\t.", "")
    assert load_broken(tmp_path)[0].count == 4


def test_equal_mistakes_of_two_processes_are_one(tmp_path):
    write(tmp_path, LINE, "1\tagain\tabc\t2\t.", "")
    write(tmp_path, LINE.replace("\tabc\t", "\tdef\t"), "", name="broken-13.txt")
    (use,) = load_broken(tmp_path)
    assert use.count == 3


@pytest.mark.parametrize(
    "torn", [LINE[:40], LINE[:-1], "1\tagain\tabc", "\0\xff", "2" + LINE[1:], LINE.replace("7f00", "x")]
)
def test_a_line_that_is_not_whole_is_passed_over(tmp_path, torn):
    write(tmp_path, torn, LINE, torn)
    assert len(load_broken(tmp_path)) == 1


def test_other_files_are_not_read(tmp_path):
    write(tmp_path, LINE, name="broken-x.txt")
    assert load_broken(tmp_path) == ()


@pytest.mark.parametrize("settings", [
    {"guard": "half"}, {"guard": "full", "folder": None}, {"guard": "full", "mode": "sampled"},
    {"guard": "full", "guard_bytes": 0},
])  # fmt: skip
def test_a_guard_that_cannot_be_is_refused(tmp_path, settings):
    with pytest.raises(ValueError, match="guard"):
        block_environment(os.environ, **{"folder": tmp_path, **settings})
