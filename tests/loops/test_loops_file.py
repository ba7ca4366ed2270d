"""The file of the loops may be cut off, or come from anywhere: what can be read is, and the rest is said."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outlive.capture.loops import read_loops
from outlive.capture.loops_file import read_loops_file

WHOLE = """\
outlive-loops format=1 pid=7b why=end forgotten=0 refused=0
module start=1000 end=2000 bias=1000 path=/a place/with\\x0aline/prog
module start=9000 end=a000 bias=9000 path=/lib/outlive/_blocks.so
stack number=1 frames=9010,1010,1020
stack number=2 frames=1030
loop serial=1 turned=0 turns=0 refusals=1 left=1 result=10 closing=9,2,0
handle serial=1 kind=timer state=open address=50 loop=1 data=60 active=1 callback=0 ran=0 busy=9 made=1,1,0
double-close serial=1 own=0 again=8,2,0
done
"""


def folder_with(tmp_path: Path, content: str | bytes) -> Path:
    data = content.encode() if isinstance(content, str) else content
    (tmp_path / "loops-123.txt").write_bytes(data)
    return tmp_path


def test_file_is_read_with_frames_as_the_modules_count(tmp_path: Path) -> None:
    found = read_loops(folder_with(tmp_path, WHOLE))
    (handle,) = found.handles
    assert handle.made is not None
    assert [(frame.module, frame.address) for frame in handle.made.frames] == [
        ("/a place/with\nline/prog", 0x10),
        ("/a place/with\nline/prog", 0x20),
    ]
    assert (handle.state, len(found.broken), found.doubts) == ("open and active", 1, ())


def test_later_lines_about_a_handle_replace_earlier_ones(tmp_path: Path) -> None:
    later = WHOLE.replace("state=open", "state=closed").replace("result=10", "result=0")
    assert read_loops(folder_with(tmp_path, WHOLE + later)).handles == ()


def test_cut_off_file_gives_what_stands_in_it_and_says_so(tmp_path: Path) -> None:
    found = read_loops(folder_with(tmp_path, WHOLE.removesuffix("done\n")))
    assert len(found.handles) == 1
    assert found.doubts == ("loops-123.txt was cut off: the program ended while it was written",)


@pytest.mark.parametrize(
    "line", ["handle serial=zz", "nonsense", "module start=1", "outlive-loops format=2", "x" * 99999]
)
def test_line_that_cannot_be_read_is_counted_and_the_others_are_read(tmp_path: Path, line: str) -> None:
    found = read_loops(folder_with(tmp_path, f"{WHOLE}{line}\n"))
    assert len(found.handles) == 1
    assert found.doubts == ("1 lines of loops-123.txt could not be read",)


def test_want_of_room_is_said(tmp_path: Path) -> None:
    full = WHOLE.replace("forgotten=0 refused=0", "forgotten=a refused=2")
    assert read_loops(folder_with(tmp_path, full)).doubts == (
        "10 closed handles were forgotten, to make room",
        "2 handles were not written down, for want of room",
    )


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, len(WHOLE) - 1), byte=st.binary(max_size=3), cut=st.integers(0, 20))
def test_whatever_stands_in_the_file_nothing_is_raised(at: int, byte: bytes, cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        hostile = WHOLE.encode()[:at] + byte + WHOLE.encode()[at + cut :]
        read_loops(folder_with(Path(folder), hostile))


def test_name_that_is_no_process_is_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "loops-x.txt").write_text(WHOLE)
    assert read_loops_file(tmp_path / "loops-x.txt").pid == 0
    assert len(read_loops(tmp_path).handles) == 1
