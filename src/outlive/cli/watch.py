"""`outlive watch PID | -- CMD…`: how do a process's memory, files, threads and children grow?

Parses, watches, chooses the exit code. It reads the process and changes nothing in it. A command's stdin, stdout and
descriptors stay its own, so the report on a command goes to stderr; the report on a process goes to stdout.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from outlive.cli import exit_codes
from outlive.cli.console import complain, say, wants_color
from outlive.cli.parsing import positive_int, positive_seconds
from outlive.errors import MeasureError, UsageError
from outlive.probes.registry import SOURCES

if TYPE_CHECKING:
    from outlive.cli.watch_output import JsonLines
    from outlive.model.figures import Sample, WatchSummary
    from outlive.tracker import Tracker
    from outlive.tracker.command import Command
    from outlive.tracker.watching import Ending, Plan

SUMMARY = "Sample a running process, or a command, and report what grew."
EXAMPLES = """\
outlive watch 4312                                  # until it ends or you press Ctrl-C
outlive watch 4312 --for 600 --every 5              # ten minutes, every five seconds
outlive watch --threshold fds=20 -- python app.py   # start a command and watch it to its end
outlive watch 4312 --figure uss --jsonl watch.jsonl # one more figure; every sample as a line of JSON
outlive watch 4312 --samples 60 --json | tail -1 | jq .verdict
"""
_COMMAND_WARMUP_S = 0.5
_REACHABLE = [figure.name for source in SOURCES if source.probe.other_processes for figure in source.figures]


def configure(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the arguments of this verb."""
    parser.usage = "%(prog)s [options] PID\n       %(prog)s [options] -- CMD …"
    parser.add_argument(
        "target", nargs="*", metavar="PID | -- CMD …", help="the process to watch, or the command to start and watch"
    )
    parser.add_argument(
        "--every", type=positive_seconds, default=1.0, metavar="S", help="seconds between samples (default: 1)"
    )
    parser.add_argument("--for", dest="for_s", type=positive_seconds, metavar="S", help="stop after S seconds")
    parser.add_argument("--samples", type=positive_int, metavar="N", help="stop after N samples")
    parser.add_argument(
        "--warmup",
        type=_seconds,
        metavar="S",
        help="leave the first S seconds out of the report: every program grows while it begins "
        "(default: 0; for a command the interval, at least 0.5)",
    )
    parser.add_argument(
        "--figure",
        action="append",
        default=[],
        metavar="NAME",
        help=f"watch this figure too; repeatable. Figures: {', '.join(_REACHABLE)}",
    )
    parser.add_argument(
        "--threshold",
        action="append",
        default=[],
        metavar="FIGURE=VALUE",
        help="growth worth a warning and exit code 1: vm_rss=2MB, fds=10, vm_data=off; repeatable "
        "(default: vm_rss=1MB and vm_data=1MB)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON lines (schema outlive.watch/1), no text")
    parser.add_argument("--jsonl", metavar="FILE", help="also write JSON lines to FILE")
    parser.add_argument(
        "--live",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="a live table on stderr (default: on a terminal that no command writes to)",
    )


def run(args: argparse.Namespace) -> int:
    """Watch, report, and return the exit code: 0 within thresholds, 1 one was passed, 3 could not tell."""
    from outlive.cli.watch_output import JsonLines
    from outlive.tracker.command import Command

    pid = _pid_of(args.target)
    _refuse_wrong_figures(args, pid)
    with ExitStack() as stack:
        lines = stack.enter_context(JsonLines(to_stdout=args.json, path=args.jsonl))
        command = None if pid is not None else stack.enter_context(Command(args.target))
        tracker = _tracker(command.pid if command else pid, args)
        summary, trouble = _watch(tracker, command, args, lines)
        lines.summary(summary)
    if not args.json:
        _print(summary, to_stderr=bool(command))
    if trouble is not None:
        raise trouble
    return _exit_code(summary, args)


def _pid_of(target: list[str]) -> int | None:
    """The process number that was given, or None for a command. Raises UsageError for neither."""
    if not target or not target[0]:
        raise UsageError(
            "nothing to watch", why="a process number or a command is missing", hint="outlive watch -- python app.py"
        )
    if len(target) > 1 or not target[0].isdecimal():
        return None
    if int(target[0]) == 0:
        raise UsageError("0 is no process number", hint="ps -e   shows the processes that run")
    return int(target[0])


def _refuse_wrong_figures(args: argparse.Namespace, pid: int | None) -> None:
    """Raise UsageError for figures and thresholds that make no sense, before a command is started."""
    import os

    from outlive.tracker.selection import select

    select(args.figure, _thresholds(args), own_process=pid == os.getpid())


def _thresholds(args: argparse.Namespace) -> dict[str, int | str | None]:
    from outlive.tracker.thresholds import parse_pair

    return dict(parse_pair(text) for text in args.threshold)


def _tracker(pid: int | None, args: argparse.Namespace) -> Tracker:
    from outlive.tracker import Tracker

    return Tracker(pid, figures=args.figure, thresholds=_thresholds(args))


def _plan(args: argparse.Namespace, *, for_command: bool) -> Plan:
    from outlive.tracker.watching import Plan

    default = max(args.every, _COMMAND_WARMUP_S) if for_command else 0.0
    warmup_s = default if args.warmup is None else args.warmup
    return Plan(every_s=args.every, for_s=args.for_s, samples=args.samples, warmup_s=warmup_s)


def _watch(
    tracker: Tracker, command: Command | None, args: argparse.Namespace, lines: JsonLines
) -> tuple[WatchSummary, MeasureError | None]:
    """Watch to the end and say how it ended. A measurement that fails on the way comes back beside what was seen."""
    from outlive.cli.watch_output import live_table, wants_live
    from outlive.tracker.waiting import Waiting
    from outlive.tracker.watching import watch

    plan = _plan(args, for_command=bool(command))
    words = command.words if command else ()
    lines.header(tracker, words, plan)
    wanted = wants_live(args.live, has_command=bool(command), json_to_stdout=args.json)
    with Waiting(tracker.pid) as waiting:
        try:
            with live_table(tracker, wanted=wanted) as redraw:

                def show(sample: Sample, warmup: bool) -> None:
                    lines.sample(sample, warmup)
                    redraw(warmup)

                ending = watch(tracker, plan, waiting, show)
        except MeasureError as trouble:
            if not tracker.started:
                raise (_ended_too_early(command) if command else trouble) from None
            return tracker.summary(command=words, ending=trouble.what, judged=False), trouble
        if command:
            command.end(ending.stopped, waiting)
    words_at_end = _ending_words(ending, command, plan)
    return tracker.summary(command=words, ending=words_at_end, judged=not ending.in_warmup), None


def _ended_too_early(command: Command) -> MeasureError:
    return MeasureError(
        "the command ended before its first sample",
        why=command.how_it_ended(),
        hint="repeat its work in one process, and watch that, or:  outlive check scenario.py",
    )


def _ending_words(ending: Ending, command: Command | None, plan: Plan) -> str:
    """How the watch ended, in one sentence; for a command, how that ended too."""
    words = [] if command and ending.by_itself else [ending.stopped.value]
    if command:
        words.append(command.how_it_ended())
    if ending.in_warmup:
        words.append(f"within the warm-up of {plan.warmup_s:g} s")
    return ", ".join(words)


def _exit_code(summary: WatchSummary, args: argparse.Namespace) -> int:
    if summary.judged and summary.exceeded:
        return exit_codes.LEAK_FOUND
    if summary.judged or args.samples == 1:  # one sample is what was asked for: a look, not a comparison
        return exit_codes.NOTHING_FOUND
    return exit_codes.COULD_NOT_MEASURE


def _print(summary: WatchSummary, *, to_stderr: bool) -> None:
    from outlive.reports import watch_text

    text = watch_text.render(summary, color=wants_color(sys.stderr if to_stderr else sys.stdout))
    if to_stderr:
        complain(text)
    else:
        say(text)


def _seconds(text: str) -> float:
    """An argparse type: a finite number of seconds, nought too."""
    return 0.0 if float(text) == 0 else positive_seconds(text)


_seconds.__name__ = "number of seconds"
