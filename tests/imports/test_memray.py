"""memray's captures: what its reader gives, and whether a capture was closed and is all there."""

from __future__ import annotations

import pytest
from sampled import memray_report

from outlive.imports.lz4_frame import is_complete
from outlive.imports.memray_records import Recording, read
from outlive.imports.recognise import is_memray

FRAME = bytes.fromhex("04224d18404000") + b"\x07\x00\x00\x80memray\x00" + b"\x03\x00\x00\x00\x00\x00\x00" + bytes(4)


def complete(data: bytes) -> bool:
    return is_complete(lambda at, count: data[at : at + count], len(data))


def test_frame_that_ends_with_its_mark_is_complete() -> None:
    assert complete(FRAME)


@pytest.mark.parametrize("size", range(len(FRAME)))
def test_frame_that_is_cut_anywhere_is_not(size: int) -> None:
    assert not complete(FRAME[:size])


def test_frame_with_bytes_behind_it_is_not() -> None:
    assert not complete(FRAME + b"\x00")


@pytest.mark.parametrize("head", [b"memray\x00\x0d", FRAME])
def test_capture_is_known_by_its_first_bytes(head: bytes) -> None:
    assert is_memray(head)


def test_other_files_of_the_same_compression_are_no_captures() -> None:
    assert not is_memray(FRAME.replace(b"memray", b"snappy"))


def test_record_is_unfreed_and_keeps_c_and_python_calls() -> None:
    claim = memray_report().claims[0]
    assert (claim.loss, claim.count, claim.bytes) == ("unfreed", 5, 320)
    calls = [(one.function, one.line) for one in claim.stacks[0].frames]
    assert calls[:3] == [("session_open", 9), ("serve_request", 16), ("all_three", 49)]
    assert ("<module>", 4) in calls


@pytest.mark.parametrize(
    ("recording", "whole", "word"),
    [
        (Recording(ended=True, native=True), True, ""),
        (Recording(native=True), False, "was killed, or still runs"),
        (Recording(ended=True), True, "without --native"),
        (Recording(ended=True, native=True, broken="iostream error"), False, "iostream error"),
    ],
)
def test_what_a_capture_lacks_is_said(recording: Recording, whole: bool, word: str) -> None:
    (one,) = read("x.bin", recording, [(8, 1, [("f", "a.py", 1)])])
    assert one.whole is whole
    assert word in " ".join(one.troubles)


def test_impossible_sizes_are_unknown() -> None:
    (one,) = read("x.bin", Recording(ended=True), [(1 << 80, -5, [])])
    assert (one.claims[0].bytes, one.claims[0].count) == (-1, -1)
