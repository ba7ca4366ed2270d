"""The next command to type after a check: one line that fits what was found.

Pure: reads a result, names only verbs and options that exist (a test reads them off the parser).
"""

from __future__ import annotations

import math
import shlex

from outlive.model.verdict import CheckResult, Finding, Outcome, Verdict


def after_check(result: CheckResult) -> tuple[str, str]:
    """`(why, command)`: what the command is for, and the command itself."""
    if "::" in result.scenario:
        return _after_test(result)
    what = f"--cmd {shlex.quote(result.scenario)}" if result.is_command else shlex.quote(result.scenario)
    again = f"outlive check {what}"
    if result.is_command and result.verdict is not Verdict.LEAK:
        return _after_command(result, again)
    if result.verdict is Verdict.LEAK:
        return _after_leak(result, again)
    if result.verdict is Verdict.NO_LEAK:
        return "to see still smaller leaks, look longer", f"{again} --time-budget {_longer(result)}"
    return _after_doubt(result, again)


def _after_command(result: CheckResult, again: str) -> tuple[str, str]:
    """More runs, or more steps, are what makes it clearer."""
    steps = result.cost.steps if result.cost else 0
    if result.outcome in (Outcome.FINISHED, Outcome.MEMORY):
        return "to see what comes more rarely, go further", f"{again} --steps {max(20, 4 * steps)}"
    if result.outcome is Outcome.BLIND:
        return "link it dynamically, mark its steps with outlive.h, and look again", "outlive check --header"
    return _after_doubt(result, again)


def _after_test(result: CheckResult) -> tuple[str, str]:
    """A test is checked again by pytest; what it may leave behind is said at the test."""
    name = allow_word(result.findings[0]) if result.findings else ""
    why = f"mend it and look again; or, if this may grow, mark it outlive(allow={[name]!r})" if name else "look again"
    return why, f"pytest --outlive {shlex.quote(result.scenario)}"


def _after_leak(result: CheckResult, again: str) -> tuple[str, str]:
    name = _allowed_as(result, result.findings[0]) if result.findings else ""
    if not name:
        return "mend it and look again", again
    return "mend it and look again; or, if this may grow, say so", f"{again} --allow {shlex.quote(name)}"


def _allowed_as(result: CheckResult, finding: Finding) -> str:
    """Of a command it is the function that made it, whatever that is called."""
    return finding.type if result.is_command and finding.type else allow_word(finding)


def allow_word(finding: Finding) -> str:
    """What `--allow` takes for this finding: its type when it has a dotted one, else its counter."""
    if "." in finding.type:
        return finding.type
    return finding.evidence[0].counter if finding.evidence else finding.type


def _after_doubt(result: CheckResult, again: str) -> tuple[str, str]:
    if result.outcome is Outcome.TIMED_OUT:
        return "if its steps are only slow, wait longer", f"{again} --timeout 300"
    if result.outcome is Outcome.MEMORY:
        return "few steps may fit in memory and still tell", f"{again} --steps 50"
    if result.outcome is Outcome.NOT_LOADED:
        return "mend the scenario and look again", again
    if result.outcome in (Outcome.RAISED, Outcome.EXITED, Outcome.KILLED):
        return "see what it printed", f"{again} --show-output"
    if result.outcome is Outcome.BLIND:
        return "a quieter machine or more time may cure it", f"{again} --time-budget {_longer(result)}"
    return "give it more time", f"{again} --time-budget {_longer(result)}"


def _longer(result: CheckResult) -> int:
    """Four times what this run took, in whole tens of seconds, at least a minute: leaks half the size come in sight."""
    spent = result.cost.wall_seconds if result.cost else 20.0
    return max(60, math.ceil(spent * 4 / 10) * 10)
