"""Starting the child: its private folder, its environment, its pipes. Knows nothing of what is said over them.

Isolated and repeatable: hashes are fixed, glibc's per-thread caches are off (they count as memory in use), temporary
files go to a folder that is deleted with the trial, stdin is empty, and the session is its own, so that a Ctrl-C meant
for us does not reach the scenario.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

from outlive.errors import MeasureError
from outlive.trial import wire
from outlive.trial.board import Board
from outlive.trial.options import TrialOptions

LINE_VARIABLE = "OUTLIVE_TRIAL_LINE"  # as in `line`, which is the child's and is not imported here
MARK_VARIABLE = "OUTLIVE_TRIAL"
SITES_VARIABLE = "OUTLIVE_TRIAL_SITES"  # as in `stamping`, which is the child's
LIVES_VARIABLE = "OUTLIVE_TRIAL_LIVES"  # as in `lives`, which is the child's
_NO_CACHE = "glibc.malloc.tcache_count"
# `-c` and not `-m`: that would put the working folder first on the path, where an outlive.py or json.py may lie.
_BOOT = """\
import sys
if sys.path[:1] == [""]: del sys.path[0]
sys.argv = sys.argv[1:]
from outlive.trial.child import main
main(sys.argv[0])
"""


@dataclass(frozen=True)
class Launched:
    """A running child and the parent's ends of its pipes. `mark` is in the environment of all that it starts."""

    process: subprocess.Popen[bytes]
    commands: int
    answers: int
    output: int
    folder: str
    board: Board
    mark: str

    @property
    def temp_folder(self) -> str:
        return os.path.join(self.folder, "tmp")

    def stacks(self) -> str:
        """What the child's faulthandler wrote, if anything."""
        try:
            with open(os.path.join(self.folder, "stacks"), encoding="utf-8", errors="replace") as file:
                return file.read(256 * 1024)
        except OSError:
            return ""

    def put_away(self) -> None:
        """Close what is ours and delete the folder; the process must be gone by now."""
        for descriptor in (self.commands, self.answers, self.output):
            os.close(descriptor)
        self.board.close()
        remove_folder(self.folder)


def launch(scenario: str, options: TrialOptions) -> Launched:
    """Start the child. Raises MeasureError when it cannot be started; leaves nothing behind then."""
    folder = tempfile.mkdtemp(prefix="outlive-")
    try:
        return _launch_in(folder, scenario, options)
    except BaseException:
        remove_folder(folder)
        raise


def _launch_in(folder: str, scenario: str, options: TrialOptions) -> Launched:
    os.mkdir(os.path.join(folder, "tmp"))
    if options.contracts is not None:
        with open(os.path.join(folder, "lives"), "wb") as file:
            file.write(wire.pack("contracts", {"rows": [dict(row) for row in options.contracts]}))
    mark = secrets.token_hex(8)
    argv = list(options.argv) or [options.python, "-c", _BOOT, scenario]
    theirs_in, commands = os.pipe()
    answers, theirs_out = os.pipe()
    output, theirs_output = os.pipe()
    board = Board(os.path.join(folder, "board"))
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=theirs_output,
            stderr=theirs_output,
            pass_fds=(theirs_in, theirs_out),
            start_new_session=True,
            cwd=options.cwd,
            env=environment(options, folder, mark, f"{theirs_in}:{theirs_out}:{folder}"),
        )
    except OSError as error:
        for descriptor in (commands, answers, output):
            os.close(descriptor)
        board.close()
        raise MeasureError(f"cannot start {argv[0]}: {error.strerror}", hint="give the path of a Python") from error
    finally:
        for descriptor in (theirs_in, theirs_out, theirs_output):
            os.close(descriptor)
    for descriptor in (answers, output):
        os.set_blocking(descriptor, False)
    return Launched(process, commands, answers, output, folder, board, mark)


def environment(options: TrialOptions, folder: str, mark: str, line: str) -> dict[str, str]:
    """The child's environment: ours, what repeatability needs, what the caller adds, what the trial needs."""
    whole = dict(os.environ)
    whole["PYTHONHASHSEED"] = "0"
    whole["TMPDIR"] = os.path.join(folder, "tmp")
    whole.update(options.env)
    whole["GLIBC_TUNABLES"] = without_thread_caches(whole.get("GLIBC_TUNABLES", ""))
    whole[MARK_VARIABLE] = mark
    whole[LINE_VARIABLE] = line
    whole[SITES_VARIABLE] = "1" if options.sites else "0"
    if options.contracts is not None:
        whole[LIVES_VARIABLE] = os.path.join(folder, "lives")
    return whole


def without_thread_caches(tunables: str) -> str:
    """The user's tunables with the caches off, unless they say otherwise themselves."""
    if _NO_CACHE in tunables:
        return tunables
    return ":".join(part for part in (tunables, f"{_NO_CACHE}=0") if part)


def remove_folder(folder: str) -> None:
    """Delete the folder even where the scenario took away its own right to do so."""
    shutil.rmtree(folder, ignore_errors=True)
    if os.path.isdir(folder):
        for place, _, _ in os.walk(folder):
            os.chmod(place, 0o700)
        shutil.rmtree(folder, ignore_errors=True)
