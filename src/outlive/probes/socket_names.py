"""Whom a socket talks to: "socket:[8512]" as "tcp 127.0.0.1:8080 – 10.0.0.7:51234 established".

From the tables under /proc/PID/net, which list the whole network namespace: read only when somebody asks to see the
targets, never to count.
"""

from __future__ import annotations

import sys

from outlive.errors import MeasureError
from outlive.probes import procfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLES = ("tcp", "tcp6", "udp", "udp6")
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


def describe(pid: int | None = None) -> dict[str, str]:
    """By link text ("socket:[inode]"), what each TCP, UDP and Unix socket of the process's namespace is."""
    found = {}
    for table in _TABLES:
        for words in _rows(pid, table):
            state = _STATES.get(words[3], "") if table.startswith("tcp") else ""
            text = f"{table} {_address(words[1])} – {_address(words[2])} {state}"
            found[f"socket:[{words[9]}]"] = text.rstrip()
    for words in _rows(pid, "unix"):
        found[f"socket:[{words[6]}]"] = f"unix {words[7] if len(words) > 7 else '(unnamed)'}"
    return found


def _rows(pid: int | None, table: str) -> Iterator[list[str]]:
    """The rows of one table; none where the kernel does not speak that protocol."""
    try:
        text = procfs.read(pid, f"net/{table}", "the sockets").decode("utf-8", "backslashreplace")
    except MeasureError:
        return
    for line in text.splitlines()[1:]:
        yield line.split()


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
