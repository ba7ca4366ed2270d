"""Text from a snapshot made safe for a terminal: names come from a file that anyone may have written."""

from __future__ import annotations

_LONGEST = 160


def printable(text: str, longest: int = _LONGEST) -> str:
    """`text` on one line, without control and direction characters, cut in its middle when it is very long.

    >>> printable("app.\\x1b[31mRed\\n")
    'app.�[31mRed�'
    """
    clean = "".join(one if one.isprintable() or one == " " else "\N{REPLACEMENT CHARACTER}" for one in text)
    if len(clean) <= longest:
        return clean
    half = (longest - 1) // 2
    return f"{clean[:half]}…{clean[-half:]}"
