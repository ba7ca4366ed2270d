"""Writes docs/reference/cli.md from the parsers themselves; `--check` fails when the page has drifted from the code.

    python tools/cli_reference.py            write the page
    python tools/cli_reference.py --check    say whether it is up to date

The page is laid out here and not taken from argparse's help text, whose wording and wrapping change between Python
versions: the page must come out the same on all of them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from outlive.cli import VERBS
from outlive.cli.parsing import VerbParser, verb_module, verb_parser

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "cli.md"
HEAD = """\
# The command line

<!-- Made by tools/cli_reference.py from the code. Edit the code, then run `make docs`. -->

Results go to stdout, everything else to stderr. Progress is shown only on a terminal; `NO_COLOR` and pipes get plain
text. What the exit codes mean stands in [exit-codes.md](exit-codes.md).
"""


def main(words: list[str]) -> int:
    page = reference()
    if words == ["--check"]:
        if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page:
            return 0
        print(f"{PAGE.name} differs from the code: run `make docs`", file=sys.stderr)
        return 1
    PAGE.write_text(page, encoding="utf-8")
    return 0


def reference() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(_verb(name) for name in VERBS)])


def _verb(name: str) -> str:
    verb = verb_module(name)
    parser = verb_parser(name, verb)
    lines = [f"## outlive {name}", "", verb.SUMMARY, "", "```console", *_examples(verb.EXAMPLES), "```", ""]
    lines += ["| argument | what it does |", "|---|---|"]
    lines += [_row(action) for action in _arguments(parser)]
    return "\n".join(lines) + "\n"


def _examples(text: str) -> list[str]:
    return [f"$ {line.strip()}" if line.strip() else "" for line in text.strip().splitlines()]


def _arguments(parser: VerbParser) -> list[argparse.Action]:
    return [action for action in parser._actions if action.help is not argparse.SUPPRESS]


def _row(action: argparse.Action) -> str:
    text = (action.help or "") % {**vars(action), "prog": "outlive"}
    return f"| `{_in_cell(_spelling(action))}` | {_in_cell(text)} |"


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _spelling(action: argparse.Action) -> str:
    value = action.metavar or (action.dest if not action.option_strings else action.dest.upper())
    if isinstance(value, tuple):
        value = " ".join(value)
    if not action.option_strings:
        return value
    takes = "" if action.nargs == 0 else f" {value}"
    return ", ".join(action.option_strings) + takes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
