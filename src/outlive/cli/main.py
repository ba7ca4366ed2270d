"""`outlive VERB …`: finds the verb, runs it, and turns every way it can end into words and an exit code.

Theory of operation: the first word is looked up by hand and only that verb's module is imported. Whatever the verb
raises ends here: an OutliveError is printed as it stands and names its exit code, Ctrl-C is 130, a reader that went
away is no error worth a traceback, and anything else is a bug of ours and says so (4).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from outlive import __version__
from outlive.cli import VERBS, exit_codes
from outlive.cli.console import complain, drop_stdout, say
from outlive.cli.parsing import verb_module, verb_parser
from outlive.cli.system import refuse_unknown, this_system
from outlive.errors import OutliveError

EXAMPLES = """\
  outlive check scenario.py             does step(i) in this file leak?
  outlive watch -- python server.py     watch a program's memory, files and threads grow
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: this process's own) and return the exit code; raises nothing."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _dispatch(words)
    except OutliveError as error:
        complain(f"outlive: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        complain("outlive: interrupted")
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        drop_stdout()
        return exit_codes.READER_WENT_AWAY
    except Exception as error:
        complain(bug_report(error, words))
        return exit_codes.OUR_OWN_BUG


def _dispatch(words: list[str]) -> int:
    first = words[0] if words else ""
    if first in ("-V", "--version"):
        say(_versions())
        return exit_codes.NOTHING_FOUND
    if first in ("-h", "--help", "help"):
        say(_help())
        return exit_codes.NOTHING_FOUND
    if not words:
        complain(_help())
        return exit_codes.WRONG_USAGE
    return _run_verb(first, words[1:])


def _run_verb(name: str, words: list[str]) -> int:
    verb = verb_module(name)
    parser = verb_parser(name, verb)
    try:
        args = parser.parse_args(words)
    except SystemExit as done:  # only --help ends so: VerbParser.error raises UsageError
        return int(done.code or 0)
    refuse_unknown(this_system())
    return verb.run(args)


def _help() -> str:
    verbs = "\n".join(f"  {name:<10}{verb_module(name).SUMMARY}" for name in VERBS)
    return (
        f"Outlive finds what outlives its owner.\n\nExamples:\n{EXAMPLES}\nUsage: outlive VERB …\n\nVerbs:\n{verbs}\n\n"
        "outlive VERB --help says more; outlive --version names the version."
    )


def _versions() -> str:
    system = this_system()
    python = sys.version.split()[0]
    return f"outlive {__version__} ({system.implementation} {python}, {system.platform} {system.machine})"


def bug_report(error: Exception, words: list[str]) -> str:
    """What to print of a mistake of ours, while it is being handled."""
    import shlex
    import traceback

    return (
        f"outlive: internal error: {type(error).__name__}: {error}\n"
        "  why:  this is a mistake in Outlive, not in your program, and no verdict\n"
        "  try:  report it with the lines below\n\n"
        f"command: outlive {shlex.join(words)}\n"
        f"version: {_versions()}\n\n"
        f"{''.join(traceback.format_exception(type(error), error, error.__traceback__))}"
    )
