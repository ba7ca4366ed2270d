"""The door itself: what every way a verb can end turns into, on stdout, on stderr and as an exit code."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from types import ModuleType

import pytest

from outlive.cli import VERBS, exit_codes, main
from outlive.errors import MeasureError


def outlive(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "outlive", *words], capture_output=True, text=True, timeout=60)


def verb_that(run: object) -> ModuleType:
    """A verb's module, made here, whose `run` is the given function."""
    module = ModuleType("outlive.cli.check")
    module.SUMMARY = "A verb of this test."
    module.EXAMPLES = "outlive check"
    module.configure = lambda parser: None
    module.run = run
    return module


@pytest.fixture
def check_is(monkeypatch: pytest.MonkeyPatch):
    """Replace the `check` verb by one whose run does what the test says."""

    def replace(run: object) -> None:
        monkeypatch.setitem(sys.modules, "outlive.cli.check", verb_that(run))

    return replace


def test_every_registered_verb_is_a_module_with_what_a_verb_needs() -> None:
    for name in VERBS:
        assert importlib.util.find_spec(f"outlive.cli.{name}") is not None
        verb = importlib.import_module(f"outlive.cli.{name}")
        assert verb.SUMMARY.endswith(".")
        assert "\n" not in verb.SUMMARY
        assert f"outlive {name}" in verb.EXAMPLES
        verb.configure(argparse.ArgumentParser())
        assert callable(verb.run)


def test_version_names_the_interpreter_and_imports_no_verb() -> None:
    code = (
        "import sys\nfrom outlive.cli.main import main\nassert main(['--version']) == 0\n"
        "heavy = {'numpy', 'rich', 'asyncio', 'outlive.cli.check', 'outlive.session'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("outlive 0.")
    assert "cpython 3." in done.stdout


def test_help_shows_examples_before_the_verbs_and_exits_0() -> None:
    done = outlive("--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.index("outlive check scenario.py") < done.stdout.index("Verbs:")
    assert all(f"\n  {name} " in done.stdout for name in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_leads_with_its_examples(verb: str) -> None:
    done = outlive(verb, "--help")
    assert done.returncode == 0
    assert done.stdout.index("Examples:") < done.stdout.index("Usage:")


def test_no_words_is_wrong_usage_with_help_on_stderr() -> None:
    done = outlive()
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Verbs:" in done.stderr


def test_unknown_verb_is_wrong_usage_and_the_nearest_is_named() -> None:
    done = outlive("chekc")
    assert done.returncode == 2
    assert done.stderr.startswith("outlive: there is no verb 'chekc'\n")
    assert "outlive check" in done.stderr


def test_unknown_option_is_wrong_usage() -> None:
    done = outlive("check", "scenario.py", "--stpes", "3")
    assert done.returncode == 2
    assert done.stderr.startswith("outlive: unrecognized arguments: --stpes 3\n")


def test_our_error_is_printed_with_why_and_try_and_its_own_exit_code(
    check_is, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(args: argparse.Namespace) -> int:
        raise MeasureError("cannot look", why="it is dark", hint="light a lamp")

    check_is(run)
    assert main.main(["check"]) == exit_codes.COULD_NOT_MEASURE
    assert capsys.readouterr().err == "outlive: cannot look\n  why:  it is dark\n  try:  light a lamp\n"


def test_unexpected_error_is_our_own_bug_and_says_how_to_report_it(
    check_is, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(args: argparse.Namespace) -> int:
        raise ZeroDivisionError("one over nothing")

    check_is(run)
    assert main.main(["check"]) == exit_codes.OUR_OWN_BUG
    said = capsys.readouterr().err
    assert said.startswith("outlive: internal error: ZeroDivisionError: one over nothing\n")
    assert "command: outlive check\n" in said
    assert "Traceback" in said


def test_interrupt_is_130_without_a_traceback(check_is, capsys: pytest.CaptureFixture[str]) -> None:
    def run(args: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    check_is(run)
    assert main.main(["check"]) == 130
    assert capsys.readouterr().err == "outlive: interrupted\n"


def test_reader_that_goes_away_leaves_no_traceback() -> None:
    # The reader's end is closed before the first word is written: every write must meet a broken pipe.
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; sys.stdin.read(); from outlive.cli.main import main; sys.exit(main(['--help']))",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    process.stdin.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert said == ""


def test_closed_stderr_does_not_change_the_exit_code() -> None:
    done = subprocess.run(["sh", "-c", f"exec {sys.executable} -m outlive chekc 2>&-"], timeout=60)
    assert done.returncode == 2
