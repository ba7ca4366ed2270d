"""How a verb's arguments are parsed and its help is laid out: examples first, errors as `UsageError`.

Knows argparse; knows no verb by name. The reference page for the command line is made from the same parsers
(`tools/cli_reference.py`), so what is said here is said once.
"""

from __future__ import annotations

import argparse
import importlib
from typing import Any, NoReturn, Protocol, cast

from outlive.cli import VERBS
from outlive.errors import UsageError


class Verb(Protocol):
    """What a verb's module offers."""

    SUMMARY: str
    EXAMPLES: str

    def configure(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, args: argparse.Namespace) -> int: ...


class VerbParser(argparse.ArgumentParser):
    """An argparse parser whose help leads with examples and whose errors are ours to print."""

    examples: str = ""

    def format_help(self) -> str:
        examples = "\n".join(f"  {line}" if line else "" for line in self.examples.strip().splitlines())
        return f"{self.description}\n\nExamples:\n{examples}\n\n{_without_description(self)}"

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"{self.prog} --help")


def verb_module(name: str) -> Verb:
    """Import the module of a verb; UsageError with a guess when there is no such verb."""
    if name not in VERBS:
        raise UsageError(f"there is no verb {name!r}", hint=_nearest(name))
    return cast(Verb, importlib.import_module(f"outlive.cli.{name}"))


def verb_parser(name: str, verb: Verb) -> VerbParser:
    """The parser of one verb, arguments and all."""
    parser = VerbParser(
        prog=f"outlive {name}",
        description=verb.SUMMARY,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.examples = verb.EXAMPLES
    verb.configure(parser)
    return parser


def positive_int(text: str) -> int:
    """An argparse type: a whole number above zero."""
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above zero")
    return value


def positive_seconds(text: str) -> float:
    """An argparse type: a finite number of seconds above zero."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above zero")
    return value


# argparse names the converter in "invalid … value: 'x'"; a person should read what is wanted.
positive_int.__name__ = "whole number"
positive_seconds.__name__ = "number of seconds"


def _without_description(parser: argparse.ArgumentParser) -> str:
    """argparse's own usage and options, without the sentence that already stands on top."""
    formatter: Any = parser.formatter_class(prog=parser.prog)
    formatter.add_usage(parser.usage, parser._actions, parser._mutually_exclusive_groups, prefix="Usage: ")
    for group in parser._action_groups:
        formatter.start_section(group.title)
        formatter.add_text(group.description)
        formatter.add_arguments(group._group_actions)
        formatter.end_section()
    formatter.add_text(parser.epilog)
    return str(formatter.format_help())


def _nearest(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, VERBS, n=1)
    return f"outlive {near[0]}" if near else "outlive --help"
