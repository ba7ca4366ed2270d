"""Samples of one process, our own or another: `outlive.Tracker`.

    with outlive.Tracker() as t:
        for batch in batches:
            work(batch)
            t.sample()
    print(t.report().text())

Starting takes sample 1. It keeps the course of each figure and no sample, so that it does not grow itself.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from outlive.errors import MeasureError, UsageError
from outlive.model.figures import Course, Sample, WatchSummary, begin, follow
from outlive.probes import procfs, registry
from outlive.probes.refusals import ProcessGone
from outlive.tracker.report import Report
from outlive.tracker.selection import select


@dataclass
class _Run:
    """What is kept from one start to the next: the identity of the process and how its figures went."""

    sources: list[registry.Source]
    began_ticks: int
    first_at: float
    unread: dict[str, str] = field(default_factory=dict)
    courses: dict[str, Course] = field(default_factory=dict)
    last: Sample | None = None


class Tracker:
    """Follows figures of process `pid` (default: this one).

    `figures` adds to the default ones, by name; `thresholds` maps figures to growth worth a warning ("2MB", 10, or
    None for no warning), beside the default of 1 MB for VmRSS and VmData. Raises UsageError for names and amounts that
    make no sense. As a context manager it starts on entry; a block that took no sample gets one at its end.
    """

    def __init__(
        self,
        pid: int | None = None,
        *,
        figures: Iterable[str] = (),
        thresholds: Mapping[str, int | str | None] | None = None,
    ) -> None:
        self._pid = None if pid == os.getpid() else pid
        self._selection = select(figures, thresholds, own_process=self._pid is None)
        self._run: _Run | None = None

    @property
    def pid(self) -> int:
        """The number of the process that is followed."""
        return os.getpid() if self._pid is None else self._pid

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of the figures that are followed, in the order of the report."""
        return self._selection.names

    @property
    def thresholds(self) -> dict[str, int]:
        """Growth worth a warning, by figure, in the figure's unit."""
        return dict(self._selection.thresholds)

    @property
    def started(self) -> bool:
        """Whether there is a sample to report."""
        return self._run is not None

    def start(self) -> Sample:
        """Take sample 1, forgetting earlier ones; they stay when this fails.

        Raises ProcessGone when the process is not there, NotPermitted when it may not be read.
        """
        run = _Run(
            sources=registry.sources_of(self.figures),
            began_ticks=0 if self._pid is None else procfs.start_ticks(self._pid),
            first_at=time.monotonic(),
        )
        sample = self._take(run)
        self._run = run
        return sample

    def sample(self) -> Sample:
        """Take one more sample (the first one, if there is none yet).

        Raises ProcessGone when the process has ended: what was read of it meanwhile is dropped. Raises NotPermitted
        for a figure that was asked for by name; a default one that may not be read is left out, and the report says so.
        """
        return self.start() if self._run is None else self._take(self._run)

    def report(self) -> Report:
        """What was seen so far. Raises UsageError before the first sample."""
        return Report(self.summary())

    def summary(self, *, command: tuple[str, ...] = (), ending: str = "", judged: bool = True) -> WatchSummary:
        """The report's plain data. One sample alone is never judged: growth lies between two."""
        run = self._run
        if run is None or run.last is None:
            raise UsageError("there is no sample to report yet", hint="with outlive.Tracker() as t: …   or t.start()")
        return WatchSummary(
            pid=self.pid,
            samples=run.last.number,
            elapsed_s=run.last.elapsed_s,
            courses=tuple(run.courses[name] for name in self.figures if name in run.courses),
            unread=dict(run.unread),
            command=command,
            ending=ending,
            judged=judged and run.last.number > 1,
        )

    def __enter__(self) -> Tracker:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self.summary().samples > 1:
            return
        try:
            self.sample()
        except MeasureError:
            pass  # the process ended in the block: its first sample is all there is, and the report says one sample

    def _take(self, run: _Run) -> Sample:
        now = time.monotonic()
        values = self._read(run)
        for figure in self._selection.figures:
            value = values.get(figure.name)
            if value is not None:
                course = run.courses.get(figure.name)
                threshold = self._selection.thresholds.get(figure.name)
                run.courses[figure.name] = follow(course, value) if course else begin(figure, value, threshold)
        run.last = Sample(run.last.number + 1, now - run.first_at, values) if run.last else Sample(1, 0.0, values)
        return run.last

    def _read(self, run: _Run) -> dict[str, int]:
        values: dict[str, int] = {}
        for source in run.sources:
            try:
                values.update(source.read(self._pid))
            except MeasureError as refused:
                self._refuse_ended(run)  # a process that ends denies its files first: then say that it has ended
                self._leave_out(run, source, refused)
        self._refuse_ended(run)
        return {name: values[name] for name in self.figures if name in values}

    def _refuse_ended(self, run: _Run) -> None:
        if self._pid is not None:
            procfs.refuse_another(self._pid, run.began_ticks)

    def _leave_out(self, run: _Run, source: registry.Source, refused: MeasureError) -> None:
        """Go on without a source that cannot be read, unless memory, or one of its figures was asked for by name."""
        names = {figure.name for figure in source.figures}
        if isinstance(refused, ProcessGone) or names & {"vm_rss", *self._selection.asked}:
            raise refused
        run.sources = [other for other in run.sources if other is not source]
        run.unread.update({name: refused.what for name in self.figures if name in names})
