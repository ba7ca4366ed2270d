"""Where words go: results to stdout, everything else to stderr, colour and progress only where a person looks.

It knows streams and the environment; it knows nothing of what is said. A process may be started with its standard
streams closed; Python then has None in their place, and nothing is written.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO


def wants_color(stream: TextIO | None) -> bool:
    """Whether `stream` is a terminal whose owner has not asked for plain text (https://no-color.org)."""
    return (
        stream is not None and stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )


def say(text: str) -> None:
    """Write a result to stdout, whole.

    A reader that goes away early (`outlive check … | head -1`) has what it wanted: the rest is dropped and the
    verdict still decides the exit code.
    """
    if _is_closed(sys.stdout):
        return
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()


def drop_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's own flush at exit finds no broken pipe either."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def complain(text: str) -> None:
    """Write to stderr; a closed stderr is no reason to fail."""
    if _is_closed(sys.stderr):
        return
    try:
        sys.stderr.write(text if text.endswith("\n") else text + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        pass


class ProgressLine:
    """One line on a terminal's stderr that is overwritten as the work goes on, and wiped at the end.

    Says nothing when stderr is no terminal: logs should hold results, not moving pictures.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._shown = False
        self.live = not _is_closed(self._stream) and self._stream.isatty() and os.environ.get("TERM") != "dumb"

    def __call__(self, text: str) -> None:
        if not self.live:
            return
        self._stream.write(f"\r\x1b[2K{text[: _columns(self._stream) - 1]}")
        self._stream.flush()
        self._shown = True

    def wipe(self) -> None:
        """Leave the line empty, with the cursor at its beginning."""
        if self._shown:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()
            self._shown = False


def _is_closed(stream: TextIO | None) -> bool:
    return stream is None or stream.closed


def _columns(stream: TextIO) -> int:
    try:
        return max(20, os.get_terminal_size(stream.fileno()).columns)
    except (OSError, ValueError):
        return 80
