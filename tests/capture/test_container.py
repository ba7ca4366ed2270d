"""Files that are no snapshots, or no longer: a clear error each time, never a crash and never a wrong number."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outlive import _core
from outlive.capture.container import DamagedSnapshot, open_container
from outlive.capture.snapshot import load, take


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("snapshot") / "heap.outlive"
    take(path)
    return path.read_bytes()


def read_everything(path: Path) -> None:
    snapshot = load(path)
    for name in snapshot.container.names:
        snapshot.column(name)


def make_checksums_right(content: bytearray) -> None:
    """Of directory and header, after a change: what is behind the checksums is to be tested."""
    offset, rows = struct.unpack_from("<QI", content, 24)
    struct.pack_into("<I", content, 36, _core.crc32c(bytes(content[offset : offset + 72 * rows])))
    struct.pack_into("<I", content, 60, _core.crc32c(bytes(content[:60])))


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(DamagedSnapshot) as caught:
        load(path)
    return str(caught.value)


def test_whole_file_loads(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "heap.outlive"
    path.write_bytes(whole)
    assert len(load(path)) > 1000


def test_empty_file_is_refused(tmp_path: Path) -> None:
    assert "too few" in refused(tmp_path / "f", b"")


def test_foreign_file_is_refused(tmp_path: Path) -> None:
    assert "not a snapshot" in refused(tmp_path / "f", b"PK\x03\x04" + bytes(200))


def test_unfinished_file_is_refused(whole: bytes, tmp_path: Path) -> None:
    assert "not finished" in refused(tmp_path / "f", bytes(64) + whole[64:])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.9999])
def test_truncated_file_is_refused(whole: bytes, tmp_path: Path, share: float) -> None:
    assert "truncated" in refused(tmp_path / "f", whole[: int(len(whole) * share)])


def test_longer_file_is_refused(whole: bytes, tmp_path: Path) -> None:
    assert "truncated" in refused(tmp_path / "f", whole + b"x")


def test_newer_format_is_refused_by_name(whole: bytes, tmp_path: Path) -> None:
    assert "snapshot format 2" in refused(tmp_path / "f", whole[:8] + struct.pack("<H", 2) + whole[10:])


def test_other_byte_order_is_refused(whole: bytes, tmp_path: Path) -> None:
    assert "byte order" in refused(tmp_path / "f", whole[:12] + whole[12:16][::-1] + whole[16:])


def test_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing")


@pytest.mark.any_python
def test_one_changed_byte_anywhere_is_noticed(whole: bytes, tmp_path: Path) -> None:
    """Padding between columns is not covered by a checksum; everything that is read is."""
    path = tmp_path / "f"
    chance = random.Random(5)
    for _ in range(60):
        place = chance.randrange(len(whole))
        content = bytearray(whole)
        content[place] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        try:
            read_everything(path)
        except DamagedSnapshot:
            continue
        assert in_padding(whole, place), f"a changed byte at {place} was not noticed"


def in_padding(whole: bytes, place: int) -> bool:
    offset, rows = struct.unpack_from("<QI", whole, 24)
    for row in range(rows):
        _, _, _, _, start, stored, _, _, _ = struct.unpack_from("<24s4sIQQQQII", whole, offset + 72 * row)
        if start <= place < start + stored:
            return False
    return 64 <= place < offset


@pytest.mark.any_python
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_consistent_lies_are_refused(whole: bytes, tmp_path: Path, data: st.DataObject) -> None:
    """Directory rows changed and every checksum made right again: the checks behind the checksums must hold."""
    content = bytearray(whole)
    offset, rows = struct.unpack_from("<QI", content, 24)
    row = data.draw(st.integers(0, rows - 1))
    fields = list(struct.unpack_from("<24s4sIQQQQII", content, offset + 72 * row))
    which = data.draw(st.sampled_from([2, 3, 4, 5, 6]))
    fields[which] = data.draw(st.integers(0, 2**32 - 1) if which == 2 else st.integers(0, 2**64 - 1))
    struct.pack_into("<24s4sIQQQQII", content, offset + 72 * row, *fields)
    make_checksums_right(content)
    path = tmp_path / "f"
    path.write_bytes(content)
    try:
        read_everything(path)
    except DamagedSnapshot:
        return
    assert bytes(content) == whole, "a changed directory row was believed"


def test_numbers_that_point_outside_are_refused(whole: bytes, tmp_path: Path) -> None:
    content = bytearray(whole)
    offset, rows = struct.unpack_from("<QI", content, 24)
    for row in range(rows):
        place = offset + 72 * row
        name, dtype, codec, count, start, stored, raw, _, spare = struct.unpack_from("<24s4sIQQQQII", content, place)
        if name.rstrip(b"\0") == b"targets":
            struct.pack_into("<I", content, start + 400, 0xFFFFFF00)
            crc = _core.crc32c(bytes(content[start : start + stored]))
            struct.pack_into("<24s4sIQQQQII", content, place, name, dtype, codec, count, start, stored, raw, crc, spare)
    make_checksums_right(content)
    assert "points outside" in refused(tmp_path / "f", bytes(content))


def test_container_without_any_column_is_no_snapshot(tmp_path: Path) -> None:
    head = struct.pack("<8sHHIQQII20s", b"OUTLIVE\x1a", 1, 0, 0x01020304, 64, 64, 0, _core.crc32c(b""), bytes(20))
    path = tmp_path / "f"
    path.write_bytes(head + struct.pack("<I", _core.crc32c(head)))
    assert open_container(path).names == ()
    with pytest.raises(DamagedSnapshot):
        load(path)
