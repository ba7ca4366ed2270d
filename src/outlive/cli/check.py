"""`outlive check SCENARIO`: does what this scenario does leave anything behind?

Parses, asks the session, prints. How it measures and how it judges is known elsewhere.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from outlive.cli import check_cmd, exit_codes, last_result
from outlive.cli.console import ProgressLine, complain, say, wants_color
from outlive.cli.parsing import positive_int, positive_seconds
from outlive.errors import UsageError
from outlive.trial.scenario import file_and_function

if TYPE_CHECKING:
    from outlive.model.verdict import CheckResult
    from outlive.session import CheckSettings

SUMMARY = "Run a scenario's step over and over in a fresh process and say whether it leaks."
EXAMPLES = """\
outlive check scenario.py                       # the file defines step(i), plain or async
outlive check myapp.checks:one_request          # or name a function of an importable module
outlive check scenario.py --time-budget 60      # look longer, see smaller leaks
outlive check scenario.py --allow app.Cache     # this type may grow
outlive check scenario.py --mine app            # only what app holds or made
outlive check scenario.py --contracts ends.toml # what must end, besides the built-in contracts
outlive check scenario.py --json | jq .verdict
outlive check --cmd './prog {i}'                # any program: run it again and again; what does it lose?
outlive check --cmd './server {n}' --steps 2000 # one that marks its steps: cc -I"$(outlive check --header)"
"""
_MEGABYTE = 1024 * 1024


def configure(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the arguments of this verb."""
    parser.add_argument(
        "scenario",
        metavar="SCENARIO",
        nargs="?",
        help="a Python file with step(i), file.py:function or module:function",
    )
    check_cmd.configure(parser)
    parser.add_argument("--steps", type=positive_int, metavar="N", help="run at most N steps (default: as time allows)")
    parser.add_argument(
        "--time-budget",
        type=positive_seconds,
        metavar="S",
        help="seconds to spend before settling for 'could not tell' (default: 20, and up to 60 while in doubt)",
    )
    parser.add_argument(
        "--timeout",
        type=positive_seconds,
        default=60.0,
        metavar="S",
        help="give up when a step or a settling makes no progress for S seconds (default: 60)",
    )
    parser.add_argument(
        "--memory-limit",
        type=positive_int,
        metavar="MB",
        help="stop the scenario above this resident size (default: half of what is free, at most 8192)",
    )
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="WHAT",
        help="a counter (fds) or a type (app.Cache) that may grow; repeatable",
    )
    parser.add_argument(
        "--mine",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="report only what this package holds or made; repeatable, the rest becomes a note",
    )
    parser.add_argument(
        "--no-sites", action="store_true", help="do not record which line made each object (faster steps)"
    )
    parser.add_argument(
        "--contracts",
        type=Path,
        metavar="FILE",
        help="your contracts: what ends when (default: outlive.toml, in the scenario's folder or above)",
    )
    parser.add_argument(
        "--no-contracts", action="store_true", help="neither these nor the built-in ones; only what the code declares"
    )
    parser.add_argument(
        "--native",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="run some steps once more to see which native memory is lost (default: where that is quick)",
    )
    parser.add_argument("--show-output", action="store_true", help="print the end of what the scenario printed")
    parser.add_argument("--json", action="store_true", help="print the result as JSON (schema outlive.check/1)")
    parser.add_argument("--json-to", type=Path, metavar="FILE", help="also write the JSON result to FILE")


def run(args: argparse.Namespace) -> int:
    """Check, print, and return the exit code of the verdict."""
    if args.header:
        say(str(check_cmd.header_folder()))
        return exit_codes.NOTHING_FOUND
    check_cmd.refuse_both(args)
    if args.scenario is not None:
        refuse_missing_file(args.scenario)
    refuse_unwritable(args.json_to)
    end_in_order_when_told()
    progress = ProgressLine()
    try:
        result = _result(args, progress)
    finally:
        progress.wipe()
    if args.show_output and result.output_tail:
        complain(f"--- the scenario's output, its end ---\n{result.output_tail.rstrip()}\n---")
    publish(result, as_json=args.json, json_file=args.json_to)
    return exit_codes.of_verdict(result.verdict)


def _result(args: argparse.Namespace, progress: ProgressLine) -> CheckResult:
    if args.cmd is not None:
        return check_cmd.check(args, progress)
    from outlive import session

    return session.check(args.scenario, settings_of(args, progress))


def end_in_order_when_told() -> None:
    """Make SIGTERM (a cancelled CI job, `timeout`) an ordinary exit, so that no process or folder stays behind."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


def refuse_missing_file(target: str) -> None:
    """Raise UsageError when `target` names a file that is not there, or is neither a file nor module:function."""
    path = Path(target)
    if file_and_function(target) != ("", ""):
        return
    if path.is_dir():
        raise UsageError(f"{target} is a folder, not a scenario", hint=f"outlive check {path / 'scenario.py'}")
    if path.suffix == ".py" or ".py:" in target or "/" in target:
        raise UsageError(f"no such file: {target}", why=f"looked in {Path.cwd()}", hint="outlive check --help")
    module, _, function = target.partition(":")
    if not module or not function:
        raise UsageError(
            f"{target!r} is neither a file nor module:function",
            hint=f"outlive check {module or 'scenario'}.py   or   outlive check {module or 'package.module'}:step",
        )


def settings_of(args: argparse.Namespace, progress: ProgressLine) -> CheckSettings:
    """The session's settings that a parsed command line asks for."""
    from outlive.session import CheckSettings

    return CheckSettings(
        steps=args.steps,
        time_budget_s=args.time_budget,
        timeout_s=args.timeout,
        memory_limit_bytes=args.memory_limit * _MEGABYTE if args.memory_limit else None,
        allow=tuple(args.allow),
        sites=not args.no_sites,
        mine=tuple(args.mine),
        contracts=args.contracts,
        use_contracts=not args.no_contracts,
        native=args.native,
        progress=progress if progress.live else None,
    )


def publish(result: CheckResult, *, as_json: bool, json_file: Path | None) -> None:
    """Print the result, as text or as JSON, and write the JSON file when one is asked for."""
    from outlive.reports import check_json, check_text

    as_data = check_json.to_json(result)
    last_result.save(as_data)
    in_json = json.dumps(as_data, indent=2) if as_json or json_file else ""
    if json_file is not None:
        _write(json_file, in_json)
    if as_json:
        say(in_json)
    else:
        say(check_text.render(result, color=wants_color(sys.stdout)))


def refuse_unwritable(file: Path | None) -> None:
    """Raise UsageError before the work when the JSON file's folder is not there: a long run must not end in that."""
    if file is not None and not file.parent.is_dir():
        raise UsageError(f"cannot write {file}: no such folder", hint="--json-to a file in a folder that exists")


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}", hint="--json-to another file") from error
