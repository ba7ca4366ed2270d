"""A process's figures over time: from inside as `outlive.Tracker`, from outside as `outlive watch`.

    tracker     takes samples of one process and keeps the course of each figure
    selection   which figures are followed
    thresholds  what growth is worth a warning, as people write it
    report      what a tracker hands back
    watching    samples at an interval until the process, the limit or the user ends it
    waiting     for a moment, the end of the process or a signal
    command     starts a command to watch, and ends it

It judges no leak: it compares growth with a threshold, and says just that.
"""

from __future__ import annotations

from outlive.tracker.report import Report
from outlive.tracker.tracker import Tracker

__all__ = ["Report", "Tracker"]
