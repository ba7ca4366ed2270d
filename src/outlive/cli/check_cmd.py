"""`outlive check --cmd '…'`: what a command line asks of the check of a command, and what cannot go with it.

Parses on, asks the room, hands back a result; `check` prints it as it prints any other.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import outlive
from outlive.errors import UsageError

if TYPE_CHECKING:
    from outlive.cli.console import ProgressLine
    from outlive.model.verdict import CheckResult

_MEGABYTE = 1024 * 1024
# Options that ask for what only a Python scenario has.
_OF_SCENARIOS = {
    "mine": "--mine",
    "no_sites": "--no-sites",
    "contracts": "--contracts",
    "no_contracts": "--no-contracts",
    "native": "--native",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the options of commands."""
    parser.add_argument(
        "--cmd",
        metavar="COMMAND",
        help="check a program of any language instead: '{i}' in it is the number of the run, which is one step; "
        "a program that marks its own steps (outlive.h) runs once, and is told by '{n}' how many",
    )
    parser.add_argument(
        "--header", action="store_true", help="print the folder of outlive.h, for cc -I, and do nothing else"
    )


def header_folder() -> Path:
    """Where `outlive.h` is installed."""
    return Path(outlive.__file__).with_name("include")


def refuse_both(args: argparse.Namespace) -> None:
    """Raise UsageError unless there is one thing to check, and only options that fit it."""
    if (args.scenario is None) == (args.cmd is None):
        what = "a scenario and a command" if args.cmd is not None else "nothing"
        hint = "outlive check scenario.py   or   outlive check --cmd './prog {i}'"
        raise UsageError(f"{what} to check: give one of them", hint=hint)
    if args.cmd is None:
        return
    for name, option in _OF_SCENARIOS.items():
        if getattr(args, name):
            raise UsageError(f"{option} goes with a Python scenario, not with --cmd", hint="outlive check --help")


def check(args: argparse.Namespace, progress: ProgressLine) -> CheckResult:
    """Run the check that the arguments ask for."""
    from outlive.command.check import check_command
    from outlive.command.settings import CommandSettings

    settings = CommandSettings(
        steps=args.steps,
        time_budget_s=args.time_budget,
        timeout_s=args.timeout,
        memory_limit_bytes=args.memory_limit * _MEGABYTE if args.memory_limit else None,
        allow=tuple(args.allow),
        progress=progress if progress.live else None,
    )
    return check_command(args.cmd, settings)
