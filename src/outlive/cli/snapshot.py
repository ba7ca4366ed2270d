"""`outlive snapshot -o FILE SCRIPT`: run a script to a point and write its heap there.

Starts the script, waits, says what was written. The script runs in a process of its own that knows next to nothing of
us (`run_inside`); its streams, its terminal and its exit status stay its own, so everything said here goes to stderr.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from outlive.cli import exit_codes
from outlive.cli.console import complain
from outlive.cli.parsing import positive_seconds
from outlive.errors import MeasureError, UsageError

SUMMARY = "Run a script to a point and write a snapshot of its heap."
EXAMPLES = """\
outlive snapshot -o heap.outlive script.py             # when it has ended, before anything is torn down
outlive snapshot -o heap.outlive --after 30 server.py  # after 30 seconds; the script goes on
outlive snapshot -o heap.outlive --at app.web:handle server.py --port 8000  # when this function has returned
outlive snapshot -o heap.outlive -m mypackage.tool --some-option
"""


_CALLERS_MAX = 63


def configure(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the arguments of this verb."""
    parser.usage = "%(prog)s -o FILE [options] SCRIPT [ARGS …]\n       %(prog)s -o FILE [options] -m MODULE [ARGS …]"
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="where to write it (0600)")
    point = parser.add_mutually_exclusive_group()
    point.add_argument(
        "--at",
        type=_place,
        metavar="MODULE:FUNCTION",
        help="when this function has returned for the first time (slows the script's calls until then)",
    )
    point.add_argument("--after", type=positive_seconds, metavar="S", help="S seconds after its start")
    parser.add_argument("--compress", action="store_true", help="about a fifth of the size (needs outlive[zstd])")
    parser.add_argument(
        "--callers",
        type=_callers,
        default=0,
        metavar="N",
        help="keep N callers of the line that made each object (default: 0)",
    )
    parser.add_argument(
        "--no-sites", action="store_true", help="do not record which line made each object (a faster script)"
    )
    parser.add_argument("-m", dest="module", nargs=argparse.REMAINDER, metavar="MODULE …", help="run a module")
    parser.add_argument("script", nargs=argparse.REMAINDER, metavar="SCRIPT …", help="the script and its arguments")


def run(args: argparse.Namespace) -> int:
    """Run, report, and return the script's own exit status; 3 where there is none but no snapshot either."""
    kind, words = _what_to_run(args)
    _refuse_unwritable(args.output, compress=args.compress)
    target = args.output.absolute()
    plain = target.with_name(f".{target.name}.{secrets.token_hex(4)}.plain") if args.compress else target
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    before = _mark(plain)
    try:
        depth = 0 if args.no_sites else args.callers + 1
        status = _run_script([str(plain), str(partial), str(depth), _point(args), kind, *words])
        if _mark(plain) == before:
            complain(f"outlive: {_nothing_written(args, status)}")
            return status or exit_codes.COULD_NOT_MEASURE
        if args.compress:
            _compress(plain, target)
    finally:
        partial.unlink(missing_ok=True)
        if args.compress:
            plain.unlink(missing_ok=True)
    complain(_written(args.output))
    return status


def _what_to_run(args: argparse.Namespace) -> tuple[str, list[str]]:
    """ "module" or "script", and its words. Raises UsageError where there is nothing to run."""
    if args.module is not None:
        if not args.module:
            raise UsageError("-m wants the name of a module", hint="outlive snapshot -o heap.outlive -m mypackage.tool")
        return "module", args.module
    words = args.script[1:] if args.script[:1] == ["--"] else args.script
    if not words:
        raise UsageError("nothing to run", why="a script is missing", hint=EXAMPLES.splitlines()[0].split("#")[0])
    if not Path(words[0]).exists():
        raise UsageError(f"no such file: {words[0]}", why=f"looked in {Path.cwd()}", hint="outlive snapshot --help")
    return "script", words


def _point(args: argparse.Namespace) -> str:
    if args.at:
        return f"at {args.at}"
    return f"after {args.after!r}" if args.after else "end"


def _place(text: str) -> str:
    module, _, function = text.partition(":")
    if not module or not function:
        raise argparse.ArgumentTypeError(f"{text!r} is not module:function, such as app.web:handle")
    return text


def _callers(text: str) -> int:
    if not 0 <= int(text) <= _CALLERS_MAX:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and {_CALLERS_MAX}")
    return int(text)


_callers.__name__ = "number of callers"


def _refuse_unwritable(file: Path, *, compress: bool) -> None:
    """Raise UsageError before the work: a long run must not end in that."""
    if file.is_dir() or not file.absolute().parent.is_dir():
        raise UsageError(f"cannot write {file}: no such folder", hint="-o a file in a folder that exists")
    if not os.access(file.absolute().parent, os.W_OK):
        raise UsageError(f"cannot write {file}: its folder is not yours to write", hint="-o a file elsewhere")
    if compress:
        import importlib.util

        if importlib.util.find_spec("zstandard") is None:
            raise UsageError("--compress needs zstandard, which is not installed", hint="pip install 'outlive[zstd]'")


def _run_script(orders: list[str]) -> int:
    """Start the script, wait for its end, return its exit status as a shell says it."""
    from outlive.cli.run_inside import BOOT

    command = [sys.executable, *subprocess._args_from_interpreter_flags(), "-c", BOOT, *orders]  # type: ignore[attr-defined]
    # close_fds=False: what the shell handed on (`3<file`) is the script's.
    script = subprocess.Popen(command, close_fds=False)
    with _signals_go_to(script):
        status = script.wait()
    return status if status >= 0 else 128 - status


@contextmanager
def _signals_go_to(script: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ctrl-C reaches the script from the terminal itself and is its affair; SIGTERM and SIGHUP are handed on."""

    def hand_on(number: int, frame: FrameType | None) -> None:
        script.send_signal(number)

    handlers = {signal.SIGINT: signal.SIG_IGN, signal.SIGTERM: hand_on, signal.SIGHUP: hand_on}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}  # type: ignore[arg-type]
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _mark(file: Path) -> tuple[int, int] | None:
    """What tells a file that was replaced from the one before."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def _compress(plain: Path, target: Path) -> None:
    """Write the compressed form beside, then put it in place at once."""
    from outlive.capture.container import open_container, write_compressed

    smaller = plain.with_suffix(".zstd")
    try:
        write_compressed(open_container(plain), smaller)
        os.replace(smaller, target)
    except OSError as error:
        raise MeasureError(f"cannot write {target}: {error.strerror}") from error
    finally:
        smaller.unlink(missing_ok=True)


def _written(file: Path) -> str:
    """Size, pause and self-check, and what to type next."""
    import shlex

    from outlive.capture.container import open_container
    from outlive.capture.snapshot import Snapshot
    from outlive.reports.amounts import byte_size

    check = Snapshot(open_container(file)).self_check
    return (
        f"outlive: {file}: {byte_size(file.stat().st_size)}\n  check: {check}\n"
        f"  next:  outlive open {shlex.quote(str(file))}"
    )


def _nothing_written(args: argparse.Namespace, status: int) -> str:
    """Why there is no file, and what to try."""
    ended = f"the script ended with status {status}" if status else "the script ended"
    if args.at:
        return str(
            MeasureError(
                f"no snapshot: {args.at} did not return",
                why=f"{ended}; a function that raises does not return, and the name is the module's as it is imported",
                hint="--at module:function or module:Class.method",
            )
        )
    if args.after:
        return str(
            MeasureError(
                f"no snapshot: {ended} before {args.after:g} s had passed",
                hint="leave out --after to take it at the end",
            )
        )
    return str(
        MeasureError(
            f"no snapshot: {ended} without coming to its end",
            why="it was killed, called os._exit, or the file could not be written (see above)",
            hint="--after S takes it before",
        )
    )
