"""Where the samples of `outlive watch` go while it runs: lines of JSON, and a live table on a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any, TextIO

from outlive.errors import MeasureError, UsageError
from outlive.model.figures import Sample, WatchSummary
from outlive.probes.registry import FIGURES
from outlive.reports import watch_json
from outlive.tracker import Tracker
from outlive.tracker.watching import Plan


class JsonLines:
    """Writes each line to stdout, to a file, to both or nowhere; a context manager that closes the file.

    Raises UsageError when the file cannot be made, MeasureError when a line cannot be written: a disk that is full
    must not pass for a quiet process.
    """

    def __init__(self, *, to_stdout: bool, path: str | None) -> None:
        self._streams: list[tuple[str, TextIO]] = []
        self._file: TextIO | None = None
        if to_stdout or path == "-":
            self._streams.append(("stdout", sys.stdout))
        if path is not None and path != "-":
            self._file = _opened(path)
            self._streams.append((path, self._file))

    def __enter__(self) -> JsonLines:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            try:
                self._file.close()
            except OSError:
                pass  # what could not be written was said when it was written: every line is flushed

    def header(self, tracker: Tracker, command: Sequence[str], plan: Plan) -> None:
        """The first line."""
        self._write(
            watch_json.header(
                pid=tracker.pid,
                command=command,
                began=datetime.now(timezone.utc).isoformat(timespec="seconds"),
                every_s=plan.every_s,
                warmup_s=plan.warmup_s,
                figures=[FIGURES[name] for name in tracker.figures],
                thresholds=tracker.thresholds,
            )
        )

    def sample(self, sample: Sample, warmup: bool) -> None:
        """One line for one sample."""
        self._write(watch_json.sample(sample, warmup=warmup))

    def summary(self, summary: WatchSummary) -> None:
        """The last line."""
        self._write(watch_json.summary(summary))

    def _write(self, line: dict[str, Any]) -> None:
        for name, stream in self._streams:
            try:
                stream.write(json.dumps(line, ensure_ascii=False) + "\n")
                stream.flush()  # of use as soon as it is there, and safe from whatever ends us
            except BrokenPipeError:
                raise
            except OSError as error:
                raise MeasureError(f"cannot write to {name}: {error.strerror}") from None


def wants_live(asked: bool | None, *, has_command: bool, json_to_stdout: bool) -> bool:
    """Whether to draw: `asked` decides on a terminal; unasked, only where no other words would tear the table."""
    if asked is False or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        return False
    return bool(asked) or not (has_command or (json_to_stdout and sys.stdout.isatty()))


@contextmanager
def live_table(tracker: Tracker, *, wanted: bool) -> Iterator[Callable[[bool], None]]:
    """A function that redraws the table on stderr, told whether this is the warm-up; without `wanted` it does nothing.

    The table vanishes when the block ends: the report says it all.
    """
    if not wanted:
        yield lambda warmup: None
        return
    from rich.console import Console
    from rich.live import Live

    from outlive.reports.watch_live import table

    live = Live(
        console=Console(stderr=True),
        auto_refresh=False,  # no thread of ours: it is drawn when there is something new
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with live:
        yield lambda warmup: live.update(table(tracker.summary(), warmup=warmup), refresh=True)


def _opened(path: str) -> TextIO:
    try:
        return open(path, "w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", hint="--jsonl another file") from None
