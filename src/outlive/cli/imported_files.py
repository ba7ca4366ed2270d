"""Opening the reports of other tools that a command line names: files, gzip, zstandard, memray's captures.

The door between the world and the room `imports`, which takes bytes. Files are only ever read.
"""

from __future__ import annotations

import importlib
import os
import stat
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from outlive.errors import UsageError
from outlive.imports.recognise import GZIP, SNAPSHOT, ZSTD, is_memray

if TYPE_CHECKING:
    from outlive.imports.suppressions import Suppressions
    from outlive.model.imported import Report

_PIECE = 64 << 10
_HINT = "outlive open --help"


def is_snapshot(file: str) -> bool:
    """Whether it begins as a snapshot. Raises UsageError for what cannot be read."""
    return _head(file).startswith(SNAPSHOT)


def opened(file: str) -> list[Report] | Suppressions:
    """What the file holds. Raises UsageError, or UnreadableReport, which says what it is not."""
    from outlive.imports.draft import with_trouble
    from outlive.imports.reading import read

    head = _head(file)
    if head.startswith(SNAPSHOT):
        raise UsageError(f"{file} is a snapshot; it is opened alone", hint=f"outlive open {file}")
    if is_memray(head):
        return _memray(file)
    pieces = _Pieces(file, head)
    found = read(file, pieces)
    if not isinstance(found, list) or not pieces.trouble:
        return found
    return [with_trouble(one, pieces.trouble) for one in found]


def _head(file: str) -> bytes:
    try:
        if not stat.S_ISREG(os.stat(file).st_mode):
            why = "a folder" if os.path.isdir(file) else "no regular file, and it is read twice"
            raise UsageError(f"cannot read {file}: it is {why}", hint=_HINT)
        with open(file, "rb") as stream:
            return stream.read(4096)
    except FileNotFoundError:
        raise UsageError(f"no such file: {file}", hint=_HINT) from None
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", hint=_HINT) from None
    except ValueError as error:  # a name with a null byte
        raise UsageError(f"cannot read this file: {error}", hint=_HINT) from None


class _Pieces:
    """Gives the file's expanded bytes from the beginning, each time it is called; `trouble` says why they end early."""

    def __init__(self, file: str, head: bytes) -> None:
        self._file, self._head = file, head
        self.trouble = ""

    def __call__(self) -> Iterable[bytes]:
        if self._head.startswith(GZIP):
            return self._gzip()
        if self._head.startswith(ZSTD):
            return self._zstandard()
        return self._plain()

    def _plain(self) -> Iterator[bytes]:
        try:
            with open(self._file, "rb") as stream:
                while piece := stream.read(_PIECE):
                    yield piece
        except OSError as error:
            self.trouble = f"reading stopped: {error.strerror}"

    def _gzip(self) -> Iterator[bytes]:
        """Each piece is expanded within the bound of a piece, so that a small file cannot fill the memory."""
        expander, inside = zlib.decompressobj(31), False
        try:
            for piece in self._plain():
                data = piece
                while data:
                    inside = True
                    yield expander.decompress(data, _PIECE)
                    data = expander.unconsumed_tail
                    if expander.eof:  # another member may follow
                        data, inside = expander.unused_data, False
                        expander = zlib.decompressobj(31)
            if inside:
                yield expander.flush()
                self.trouble = "" if expander.eof else "its compressed data is cut"
        except zlib.error:
            self.trouble = "its compressed data is damaged"

    def _zstandard(self) -> Iterator[bytes]:
        try:
            import zstandard
        except ImportError:
            raise UsageError(
                f"{self._file} is compressed with zstandard",
                why="its module is not installed",
                hint="pip install 'outlive[zstd]'",
            ) from None
        try:
            with open(self._file, "rb") as stream:
                expander = zstandard.ZstdDecompressor(max_window_size=1 << 27)
                reader = expander.stream_reader(stream, read_size=_PIECE, read_across_frames=True)
                while piece := reader.read(_PIECE):
                    yield piece
        except zstandard.ZstdError:
            self.trouble = "its compressed data is damaged"
        except OSError as error:
            self.trouble = f"reading stopped: {error.strerror}"


def _memray(file: str) -> list[Report]:
    from outlive.imports.memray_records import Recording, read
    from outlive.imports.refusal import UnreadableReport

    try:
        memray: Any = importlib.import_module("memray")
    except ImportError:
        raise UsageError(
            f"{file} is a capture of memray", why="only memray itself reads it", hint="pip install 'outlive[memray]'"
        ) from None
    try:
        reader = memray.FileReader(file)
        about = reader.metadata
    except Exception as error:  # its reader raises what its C++ throws
        raise UnreadableReport(
            f"{file}: memray cannot read this capture", why=str(error)[:300], hint="use the memray that has written it"
        ) from None
    rows, broken = _rows(reader)
    recording = Recording(
        about.command_line[:2000],
        max(about.pid, 0),
        "",
        bool(about.has_native_traces),
        _is_closed(file),
        broken[:300],
    )
    return read(file, recording, rows)


def _is_closed(file: str) -> bool:
    """Whether memray has closed it: it compresses what it closes."""
    from outlive.imports.lz4_frame import is_complete

    with open(file, "rb") as stream:

        def read_at(offset: int, count: int) -> bytes:
            stream.seek(offset)
            return stream.read(count)

        return is_complete(read_at, os.fstat(stream.fileno()).st_size)


def _rows(reader: Any) -> tuple[list[tuple[int, int, Sequence[Any]]], str]:
    """The records, largest first, and why there are not all. Those of an unfinished capture come as far as they go."""
    from outlive.imports.limits import CLAIMS, FRAMES

    rows: list[tuple[int, int, Sequence[Any]]] = []
    try:
        for record in reader.get_leaked_allocation_records(merge_threads=True):
            rows.append((record.size, record.n_allocations, _calls(record, FRAMES)))
            if len(rows) > CLAIMS:
                break
    except Exception as error:
        return rows, str(error) or type(error).__name__
    return sorted(rows, key=lambda row: -row[0]), ""


def _calls(record: Any, most: int) -> Sequence[Any]:
    """C and Python together where C was recorded; Python alone else; none where memray has none."""
    for ask in (record.hybrid_stack_trace, record.stack_trace):
        try:
            return list(ask(max_stacks=most))
        except Exception:  # "native mode disabled", or no stack at all
            continue
    return []
