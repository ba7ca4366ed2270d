"""The container file: named columns, each checked before it is believed.

Knows bytes, offsets and checksums; refuses to know what a column means (that is `capture.snapshot`). The writer is
`native/graph/container.c`; the format is described in docs/reference/snapshot-format.md.

A file may come from anywhere: nothing in it is trusted. Every offset and length is checked against the file's size,
every column against its checksum when it is first used, and nothing is unpickled or evaluated.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from outlive import _core
from outlive.errors import OutliveError

MAGIC = b"OUTLIVE\x1a"
MAJOR, MINOR = 1, 1
ALIGN = 64
COLUMNS_MAX = 64
RAW, ZSTD = 0, 1

_HEADER = struct.Struct("<8sHHIQQII20sI")
_ROW = struct.Struct("<24s4sIQQQQII")
_BYTE_ORDER = 0x01020304
_DTYPES: dict[bytes, np.dtype[np.unsignedinteger]] = {
    code: np.dtype("<" + code.decode()) for code in (b"u1", b"u2", b"u4", b"u8")
}

_CHECKSUM = "its checksum does not match its bytes"

Column = npt.NDArray[np.unsignedinteger]


class DamagedSnapshot(OutliveError):
    """The file is not a whole, unharmed snapshot of a format we know."""

    slug = "damaged-snapshot"


@dataclass(frozen=True)
class ColumnRow:
    """One line of the directory."""

    name: str
    dtype: np.dtype[np.unsignedinteger]
    codec: int
    count: int
    offset: int
    stored_bytes: int
    raw_bytes: int
    crc: int


class Container:
    """An open container. Columns are read-only views of the mapped file; keep the container while you use them."""

    def __init__(self, path: Path, mapped: mmap.mmap, rows: Mapping[str, ColumnRow]) -> None:
        self.path = path
        self._mapped = mapped
        self._rows = rows
        self._checked: dict[str, Column] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._rows)

    def column(self, name: str) -> Column:
        """The column, checked against its checksum on first use. Raises DamagedSnapshot."""
        known = self._checked.get(name)
        if known is None:
            known = self._checked[name] = self._read(name)
        return known

    def _read(self, name: str) -> Column:
        row = self._rows.get(name)
        if row is None:
            raise DamagedSnapshot(
                f"{self.path}: the snapshot has no column {name!r}", why="written by another version?"
            )
        stored = memoryview(self._mapped)[row.offset : row.offset + row.stored_bytes]
        if _core.crc32c(stored) != row.crc:
            raise DamagedSnapshot(f"{self.path}: column {name!r} is damaged", why=_CHECKSUM)
        raw = stored if row.codec == RAW else _decompressed(self.path, row, stored)
        return np.frombuffer(raw, dtype=row.dtype, count=row.count)


def open_container(path: str | os.PathLike[str]) -> Container:
    """Map a container and check header and directory. Raises DamagedSnapshot, or OSError when it cannot be read."""
    where = Path(path)
    with open(where, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < _HEADER.size:
            raise DamagedSnapshot(f"{where}: not a snapshot", why=f"{size} bytes are too few for a header")
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return Container(where, mapped, _read_directory(where, mapped, size))


def _read_directory(path: Path, mapped: mmap.mmap, size: int) -> dict[str, ColumnRow]:
    header = mapped[: _HEADER.size]
    magic, major, _minor, order, file_bytes, offset, count, directory_crc, _, header_crc = _HEADER.unpack(header)
    if magic != MAGIC:
        why = "its writing was not finished" if magic == bytes(8) else "it begins with other bytes than a snapshot does"
        raise DamagedSnapshot(f"{path}: not a snapshot", why=why)
    if order != _BYTE_ORDER:
        raise DamagedSnapshot(f"{path}: written on a machine of the other byte order")
    if major != MAJOR:
        raise DamagedSnapshot(f"{path}: snapshot format {major}, this Outlive reads format {MAJOR}")
    if _core.crc32c(header[:-4]) != header_crc:
        raise DamagedSnapshot(f"{path}: the header is damaged", why=_CHECKSUM)
    if file_bytes != size:
        raise DamagedSnapshot(f"{path}: truncated", why=f"it should have {file_bytes} bytes and has {size}")
    end = offset + count * _ROW.size
    if count > COLUMNS_MAX or offset % ALIGN or end > size:
        raise DamagedSnapshot(f"{path}: the directory is damaged")
    directory = mapped[offset:end]
    if _core.crc32c(directory) != directory_crc:
        raise DamagedSnapshot(f"{path}: the directory is damaged", why=_CHECKSUM)
    rows = (_read_row(path, values, offset) for values in _ROW.iter_unpack(directory))
    return {row.name: row for row in rows}


def _read_row(path: Path, values: tuple[bytes, bytes, int, int, int, int, int, int, int], limit: int) -> ColumnRow:
    raw_name, raw_dtype, codec, count, offset, stored, raw, crc, _ = values
    name = raw_name.rstrip(b"\0").decode("ascii", "replace")
    dtype = _DTYPES.get(raw_dtype.rstrip(b"\0"))
    sound = (
        dtype is not None
        and codec in (RAW, ZSTD)
        and offset % ALIGN == 0
        and offset + stored <= limit
        and raw == count * dtype.itemsize
        and (codec == ZSTD or stored == raw)
    )
    if not sound or dtype is None:
        raise DamagedSnapshot(f"{path}: the directory entry of column {name!r} is damaged")
    return ColumnRow(name, dtype, codec, count, offset, stored, raw, crc)


def _decompressed(path: Path, row: ColumnRow, stored: memoryview) -> bytes:
    zstandard = _zstandard()
    try:
        raw: bytes = zstandard.ZstdDecompressor().decompress(stored, max_output_size=row.raw_bytes)
    except zstandard.ZstdError as error:
        raise DamagedSnapshot(f"{path}: column {row.name!r} cannot be decompressed", why=str(error)) from error
    if len(raw) != row.raw_bytes:
        raise DamagedSnapshot(f"{path}: column {row.name!r} has {len(raw)} bytes and should have {row.raw_bytes}")
    return raw


def _zstandard() -> Any:
    """The optional package, or an error that says how to get it."""
    try:
        import zstandard
    except ImportError:
        raise OutliveError(
            "this snapshot is compressed, and zstandard is not installed", hint="pip install 'outlive[zstd]'"
        ) from None
    return zstandard


def write_compressed(source: Container, target: Path, *, level: int = 3) -> None:
    """Write the same columns zstd-compressed to `target` (0600, must not exist): about 7 bytes an object."""
    zstandard = _zstandard()
    compressor = zstandard.ZstdCompressor(level=level)
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(fd, "wb") as file:
        file.write(bytes(_HEADER.size))
        rows = [_write_column(file, source._rows[name], source.column(name), compressor) for name in source.names]
        _pad(file)
        offset = file.tell()
        directory = b"".join(rows)
        file.write(directory)
        head = (MAGIC, MAJOR, MINOR, _BYTE_ORDER, file.tell(), offset, len(rows), _core.crc32c(directory), bytes(20))
        packed = _HEADER.pack(*head, 0)[:-4]
        file.seek(0)
        file.write(packed + struct.pack("<I", _core.crc32c(packed)))


def _pad(file: BinaryIO) -> None:
    file.write(bytes(-file.tell() % ALIGN))


def _write_column(file: BinaryIO, row: ColumnRow, column: Column, compressor: Any) -> bytes:
    _pad(file)
    stored = compressor.compress(column.tobytes())
    codec = ZSTD
    if len(stored) >= row.raw_bytes:
        stored, codec = column.tobytes(), RAW
    offset = file.tell()
    file.write(stored)
    dtype = f"u{column.dtype.itemsize}".encode()
    name = row.name.encode("ascii")
    return _ROW.pack(name, dtype, codec, row.count, offset, len(stored), row.raw_bytes, _core.crc32c(stored), 0)
