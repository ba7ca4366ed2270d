"""Whom a socket talks to: "socket:[8512]" as "tcp 127.0.0.1:8080 – 10.0.0.7:51234 established".

From the tables under /proc/PID/net, which list the whole network namespace: read only when somebody asks to see the
targets, never to count. A busy machine has tens of thousands of sockets that are nobody's any more (time-wait), so a
table is read piece by piece, and only rows that are asked for are kept: what is held meanwhile is one piece.
"""

from __future__ import annotations

import sys

from outlive.errors import MeasureError
from outlive.probes import procfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TABLES = ("tcp", "tcp6", "udp", "udp6")
_INODE, _INODE_OF_UNIX = 9, 6  # columns
_STATES = {
    "01": "established",
    "02": "connecting",
    "03": "accepting",
    "04": "closing",
    "05": "closing",
    "06": "time-wait",
    "07": "closed",
    "08": "close-wait",  # the peer has closed and we have not: what a leaked connection looks like
    "09": "closing",
    "0A": "listening",
    "0B": "closing",
}


def describe(links: Iterable[str], pid: int | None = None) -> dict[str, str]:
    """What the TCP, UDP and Unix sockets with these link texts ("socket:[inode]") are, by link text.

    Reading ends when all are known.
    """
    wanted = set(links)
    found: dict[str, str] = {}
    for table in (*_TABLES, "unix"):
        inode = _INODE_OF_UNIX if table == "unix" else _INODE
        if not wanted:
            break
        for line in _lines(pid, table):
            words = line.split()
            link = f"socket:[{words[inode]}]"
            if link in wanted:
                found[link] = _said(table, words)
                wanted.discard(link)
                if not wanted:
                    break
    return found


def _said(table: str, words: list[str]) -> str:
    if table == "unix":
        return f"unix {words[7] if len(words) > 7 else '(unnamed)'}"
    state = _STATES.get(words[3], "") if table.startswith("tcp") else ""
    return f"{table} {_address(words[1])} – {_address(words[2])} {state}".rstrip()


def _lines(pid: int | None, table: str) -> Iterator[str]:
    """The rows of one table; none where the kernel does not speak that protocol."""
    try:
        with procfs.chunks(f"{procfs.folder(pid)}/net/{table}", pid, "the sockets") as file:
            rest, first = b"", 1  # the first line names the columns
            while piece := file.next():
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole[first:]:
                    yield line.decode("utf-8", "backslashreplace")
                first = 0 if whole else first
    except MeasureError:
        return


def _address(text: str) -> str:
    """`0100007F:1F90` is 127.0.0.1:8080: each 32-bit word of the address stands in the machine's byte order."""
    digits, _, port = text.partition(":")
    raw = bytes.fromhex(digits)
    words = [raw[at : at + 4] for at in range(0, len(raw), 4)]
    if sys.byteorder == "little":
        words = [word[::-1] for word in words]
    number = b"".join(words)
    if not any(number) and port == "0000":
        return "*"
    host = ".".join(map(str, number)) if len(number) == 4 else f"[{_ipv6(number)}]"
    return f"{host}:{int(port, 16)}"


def _ipv6(number: bytes) -> str:
    groups = [f"{int.from_bytes(number[at : at + 2], 'big'):x}" for at in range(0, 16, 2)]
    return ":".join(groups)
