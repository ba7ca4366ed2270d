"""`outlive run -- CMD …`: watch a program from its first line to its end, and say what outlived it.

Starts the command exactly as it is given, hands signals on, waits, asks for the report and prints it. The command's
streams, its terminal and its exit status stay its own, so everything said here goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outlive.cli import exit_codes, run_native
from outlive.cli.console import complain, wants_color
from outlive.cli.parsing import positive_seconds
from outlive.errors import MeasureError, OutliveError, UsageError

if TYPE_CHECKING:
    from outlive.cli.run_native import NativeRun
    from outlive.model.contracts import Contracts
    from outlive.model.leftovers import EndReport
    from outlive.resident.folder import RunFolder

SUMMARY = "Watch a program from its first line to its end and say what was still open, alive or stuck."
EXAMPLES = """\
outlive run -- python app.py --port 8000          # the report comes when it has ended
outlive run -- uvicorn app:app                    # any command that starts a Python
outlive run -- ./server --port 80                 # a program without Python: what it lost of native memory
outlive run --every 5s -o run/ -- python -m app   # keep the looks; figures every five seconds
outlive run --strict --json end.json -- pytest    # for a machine: exit code 1 when something leaked
kill -USR2 PID                                    # a snapshot of the watched program, which goes on
"""
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_POLL_S = 1.0
_FROM_THE_KERNEL = 1  # si_code above 0: the terminal's Ctrl-C reaches the command by itself


def configure(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the arguments of this verb."""
    parser.usage = "%(prog)s [options] -- CMD …"
    parser.add_argument(
        "--every",
        type=_duration,
        default=30.0,
        metavar="TIME",
        help="time between looks at the program's figures: 500ms, 30s, 5m, 1h (default: 30s)",
    )
    parser.add_argument(
        "--exit-report",
        action=argparse.BooleanOptionalAction,
        default=None,  # yes; 3.10 to 3.12 would say so a second time in the help
        help="look at the heap when the program ends, and report (default: yes)",
    )
    parser.add_argument(
        "--signal",
        type=_signal_number,
        default=signal.SIGUSR2,
        metavar="NAME",
        help="this signal, sent to the program, writes a snapshot; none: no signal does (default: USR2)",
    )
    parser.add_argument(
        "--contracts", type=Path, metavar="FILE", help="your contracts (default: outlive.toml, here or above)"
    )
    parser.add_argument(
        "--sites",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="keep the line that made each object: of all objects, or of none "
        "(default: of those that own something or must end)",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="keep the looks and snapshots in this folder")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the report as text, too")
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit with 1 for a leak and 3 for 'could not tell' where the program has 0",
    )
    run_native.configure(parser)
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- CMD …", help="the command and its words")


def run(args: argparse.Namespace) -> int:
    """Run, report, and return the command's own exit status as a shell says it."""
    from outlive.in_force import contracts_here
    from outlive.resident.folder import RunFolder

    words = _command(args.command)
    _refuse_unwritable(args)
    contracts = contracts_here(args.contracts)
    folder = RunFolder(args.output)
    try:
        native = run_native.native_run(args, words, folder.path)
        folder.give_orders(_orders(args, contracts))
        status = _run(words, folder, native)
        verdict_code = _aftermath(args, words, folder, status, contracts, native)
    finally:
        folder.put_away()
    code = status if status >= 0 else 128 - status
    return code or (verdict_code if args.strict else exit_codes.NOTHING_FOUND)


def _aftermath(
    args: argparse.Namespace,
    words: list[str],
    folder: RunFolder,
    status: int,
    contracts: Contracts,
    native: NativeRun | None,
) -> int:
    """Say what there is to say; returns the exit code of the verdict. What fails here must not cost the command's."""
    from outlive.cli.main import bug_report

    try:
        if native is None:
            return _told(args, words, folder, status, contracts)
        return _told_with_native(args, words, folder, status, contracts, native)
    except OutliveError as error:
        complain(f"outlive: {error}")
        return error.exit_code
    except Exception as error:
        complain(bug_report(error, ["run", "--", *words]))
        return exit_codes.OUR_OWN_BUG


def _told_with_native(
    args: argparse.Namespace,
    words: list[str],
    folder: RunFolder,
    status: int,
    contracts: Contracts,
    native: NativeRun,
) -> int:
    """The report on the Python that the command was or started, if any; then that on native memory."""
    has_python = folder.told().state != ""
    code = _told(args, words, folder, status, contracts) if has_python else exit_codes.NOTHING_FOUND
    if args.exit_report is False:
        if folder.stays and not has_python:
            complain(f"outlive: the looks are in {folder.path}")
        return code
    native_code = native.tell(status, args.json, args.report, after_another=has_python)
    return exit_codes.LEAK_FOUND if exit_codes.LEAK_FOUND in (code, native_code) else code or native_code


def _told(args: argparse.Namespace, words: list[str], folder: RunFolder, status: int, contracts: Contracts) -> int:
    from outlive.resident.folder import describe

    trouble = describe(folder.told(), words)
    if trouble is not None:
        complain(f"outlive: {trouble}")
        return exit_codes.COULD_NOT_MEASURE
    if args.exit_report is False:
        if folder.stays:
            complain(f"outlive: the looks are in {folder.path}")
        return exit_codes.NOTHING_FOUND
    from outlive.aftermath import end_report

    report = end_report(folder.path, words, status, contracts=contracts)
    _publish(report, args)
    return exit_codes.of_verdict(report.verdict)


def _publish(report: EndReport, args: argparse.Namespace) -> None:
    from outlive.reports import end_json, end_text

    complain(end_text.render(report, color=wants_color(sys.stderr)))
    if args.report is not None:
        _write(args.report, lambda: end_text.render(report, color=False))
    if args.json is not None:
        _write(args.json, lambda: json.dumps(end_json.to_json(report), indent=2))


def _run(words: list[str], folder: RunFolder, native: NativeRun | None) -> int:
    """Start the command, hand on what is meant for it, return its status as subprocess gives it.

    Signals are blocked here and fetched one by one: only so is it known who sent them. What a terminal sends, it sends
    to the command, too; what a person or a supervisor sends to us is meant for the command.
    """
    handed_on = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, handed_on | {signal.SIGCHLD})
    try:
        environment = folder.environment(os.environ)
        pid = _spawn(words, environment if native is None else native.environment(environment), before)
        if native is not None:
            native.started(pid)
        seen = ""
        while True:
            patience = _POLL_S if native is None else native.wait_s(_POLL_S)
            arrived = signal.sigtimedwait(handed_on | {signal.SIGCHLD}, patience)
            seen = _tell_of_snapshots(folder, seen)
            ended, status = _status_of(pid)
            if native is not None:
                native.ended() if ended else native.look()
            if ended:
                return status
            if arrived is not None and arrived.si_signo != signal.SIGCHLD:
                ours_to_hand_on = arrived.si_code < _FROM_THE_KERNEL
                if native is not None:
                    native.heard(arrived.si_signo, look=ours_to_hand_on)
                if ours_to_hand_on:
                    os.kill(pid, arrived.si_signo)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _spawn(words: list[str], environment: dict[str, str], mask: set[Any]) -> int:
    """As a shell would: through PATH, with our streams, our group, and the signals as they were before us."""
    ignored_by_python = [signal.SIGPIPE, signal.SIGXFSZ]
    try:
        return os.posix_spawnp(words[0], words, environment, setsigmask=mask, setsigdef=ignored_by_python)
    except OSError as error:
        hint = f"outlive run -- python {words[0]}" if words[0].endswith(".py") else "outlive run -- python app.py"
        raise UsageError(f"cannot start {words[0]}: {error.strerror}", why="nothing was run", hint=hint) from None


def _status_of(pid: int) -> tuple[bool, int]:
    """Whether it has ended, and how."""
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:  # who started us ignores SIGCHLD: the system keeps no status
        return True, 0
    return (True, os.waitstatus_to_exitcode(status)) if ended else (False, 0)


def _tell_of_snapshots(folder: RunFolder, seen: str) -> str:
    """Say where a snapshot that was asked for lies; from then on the folder stays."""
    newest = folder.newest_asked()
    if newest and newest != seen:
        folder.stays = True
        file = (folder.path / newest).with_suffix(".outlive")
        next_one = f"outlive open {shlex.quote(str(file))}"
        complain(f"outlive: a snapshot as asked: {file}; the program goes on\n  next:  {next_one}")
    return newest or seen


def _orders(args: argparse.Namespace, contracts: Contracts) -> Any:
    from outlive.contracts import rows
    from outlive.resident import orders

    sites = {None: orders.SPARSE, True: orders.FULL, False: orders.OFF}[args.sites]
    return orders.Orders(args.every, args.exit_report is not False, int(args.signal), sites, rows(contracts))


def _command(words: list[str]) -> list[str]:
    if words[:1] == ["--"]:
        words = words[1:]
    if not words or not words[0]:
        raise UsageError("nothing to run", why="a command is missing", hint="outlive run -- python app.py")
    if words[0].startswith("-"):
        raise UsageError(f"{words[0]} is no command", hint=f"outlive run -- python {' '.join(words)}")
    return words


def _duration(text: str) -> float:
    number = text.rstrip("hms")
    unit = text[len(number) :] or "s"
    try:
        return positive_seconds(number) * _UNITS[unit]
    except (ValueError, KeyError):
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 500ms, 30s, 5m or 1h") from None


def _signal_number(text: str) -> int:
    name = text.upper().removeprefix("SIG")
    if name == "NONE":
        return 0
    number = getattr(signal, f"SIG{name}", None)
    if not isinstance(number, signal.Signals) or number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD):
        raise argparse.ArgumentTypeError(f"{text!r} is no signal that can be caught, such as USR1, USR2 or none")
    return int(number)


def _refuse_unwritable(args: argparse.Namespace) -> None:
    """Raise UsageError before the work: a long run must not end in that."""
    for option, file in (("--json", args.json), ("--report", args.report)):
        if file is not None and not os.access(file.absolute().parent, os.W_OK):
            raise UsageError(f"cannot write {file}: no such folder, or not yours", hint=f"{option} a file elsewhere")


def _write(file: Path, text: Callable[[], str]) -> None:
    try:
        file.write_text(text() + "\n", encoding="utf-8")
    except OSError as error:
        complain(f"outlive: {MeasureError(f'cannot write {file}: {error.strerror}')}")
