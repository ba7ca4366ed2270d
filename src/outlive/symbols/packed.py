"""Unpacks what a file keeps packed, and refuses what would become larger than such a thing can honestly be."""

from __future__ import annotations

import importlib
import struct
import zlib

_ZLIB, _ZSTD = 1, 2
_MOST = 1 << 31
# No stream of zlib's unpacks to more than this many times itself; ratios of zstd and xz are without a bound.
_HIGHEST_RATIO = 1040
_MOST_XZ = 1 << 27


class NotUnpacked(Exception):
    """In words of ours why not."""


def unpacked(data: bytes, *, old_form: bool) -> bytes:
    """A section's content. `old_form` is that of `.zdebug_…`, from before there was a standard."""
    if old_form:
        if data[:4] != b"ZLIB" or len(data) < 12:
            raise NotUnpacked("it is not packed as its name says")
        return _zlib(data[12:], int(struct.unpack_from(">Q", data, 4)[0]))
    if len(data) < 24:
        raise NotUnpacked("it is too short to be packed")
    kind, _, size = struct.unpack_from("<IIQ", data)
    if kind == _ZLIB:
        return _zlib(data[24:], size)
    if kind == _ZSTD:
        return _zstd(data[24:], size)
    raise NotUnpacked("it is packed in a way that is not known")


def xz(data: bytes) -> bytes:
    """Raises NotUnpacked."""
    try:
        import lzma  # some Pythons are built without it
    except ImportError:
        raise NotUnpacked("it is packed with xz, which this Python cannot unpack") from None
    try:
        opened = lzma.LZMADecompressor(memlimit=_MOST_XZ)
        found = opened.decompress(data, _MOST_XZ)
    except (lzma.LZMAError, EOFError, MemoryError):
        raise NotUnpacked("it is damaged") from None
    if not opened.eof:
        raise NotUnpacked("it is larger than is read, or cut short")
    return found


def _zlib(data: bytes, size: int) -> bytes:
    if size > min(_MOST, (len(data) + 1) * _HIGHEST_RATIO):
        raise NotUnpacked("it claims a size that it cannot have")
    try:
        found = zlib.decompressobj().decompress(data, size) if size else b""
    except zlib.error:
        raise NotUnpacked("it is damaged") from None
    if len(found) != size:
        raise NotUnpacked("it is damaged")
    return found


def _zstd(data: bytes, size: int) -> bytes:
    """By the interpreter's own module (3.14) or one that happens to be installed; we ask nobody to have it."""
    if size > _MOST:
        raise NotUnpacked("it claims a size that it cannot have")
    for name in ("compression.zstd", "zstandard", "backports.zstd"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        try:
            kind = module.ZstdDecompressor()
            found = bytes(
                kind.decompress(data, max_output_size=size) if name == "zstandard" else kind.decompress(data, size)
            )
        except Exception:  # each of these modules has errors of its own
            raise NotUnpacked("it is damaged") from None
        if len(found) == size:
            return found
        raise NotUnpacked("it is damaged")
    raise NotUnpacked("it is packed with zstd, which this Python cannot unpack")
