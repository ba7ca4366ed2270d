"""Whether an LZ4 frame, in which memray leaves what it has closed, is there to its last byte. Expands nothing.

A frame is a head, blocks with their sizes in front, a size of zero, and a checksum where the head says so.
"""

from __future__ import annotations

from collections.abc import Callable

MAGIC = b"\x04\x22\x4d\x18"
_LARGEST_HEAD = 19
_MOST_BLOCKS = 1_000_000
_CONTENT_SIZE, _CHECKSUM, _DICTIONARY, _BLOCK_CHECKSUM = 0x08, 0x04, 0x01, 0x10
_SIZE_BITS = 0x7FFFFFFF  # the highest bit says that a block is not compressed


def is_complete(read_at: Callable[[int, int], bytes], size: int) -> bool:
    """Whether the frame ends where `size` bytes end. `read_at(offset, count)` gives bytes of it."""
    head = read_at(0, _LARGEST_HEAD)
    if len(head) < 7 or not head.startswith(MAGIC):
        return False
    flags = head[4]
    at = 7 + (8 if flags & _CONTENT_SIZE else 0) + (4 if flags & _DICTIONARY else 0)
    for _ in range(_MOST_BLOCKS):
        field = read_at(at, 4)
        if len(field) < 4:
            return False
        block = int.from_bytes(field, "little") & _SIZE_BITS
        at += 4
        if not block:
            return at + (4 if flags & _CHECKSUM else 0) == size
        at += block + (4 if flags & _BLOCK_CHECKSUM else 0)
    return False
