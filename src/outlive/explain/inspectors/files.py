"""Files, in-memory files and temporary ones: closed, and still referred to."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, stuck
from outlive.explain.kinds import native_word, says

_FILES = (
    "FileIO", "BufferedReader", "BufferedWriter", "BufferedRandom", "BufferedRWPair", "TextIOWrapper", "BytesIO",
    "StringIO",
)  # fmt: skip
_CLOSED = "closed, and still referred to"


def closed_file(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    return stuck(_CLOSED) if native_word(heap, node) in ("closed", "detached") else None


def closed_temp_file(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """The wrapper of tempfile knows the file that it wraps; closing either closes the file."""
    inner = heap.attribute(node, "file")
    if inner and native_word(heap, inner) == "closed":
        return stuck(_CLOSED)
    return stuck(_CLOSED) if says(heap, node, "close_called") == "True" else None


def closed_archive(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """zipfile sets `fp` to None at close, tarfile `closed` to True."""
    over = says(heap, node, "fp") == "None" or says(heap, node, "closed") == "True"
    return stuck(_CLOSED) if over else None


INSPECTORS = {
    **{f"_io.{name}": closed_file for name in _FILES},
    "tempfile._TemporaryFileWrapper": closed_temp_file,
    "tempfile._TemporaryFileCloser": closed_temp_file,
    "zipfile.ZipFile": closed_archive,
    "tarfile.TarFile": closed_archive,
}
