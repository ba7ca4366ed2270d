"""Runs a script as if Python ran it, and takes the snapshot at the point that was asked for. Lives in its process.

Theory of operation. `outlive snapshot` starts a fresh interpreter with BOOT and nothing else of ours, so that the heap
is the script's: `__main__`, `sys.argv`, `sys.path`, the streams, signals and the exit status are what they would be
without us. The walk and the writing are native; no numpy, no argparse comes in. Three points:

    end      when the script's code and its threads have ended, before `atexit` callbacks and the teardown of modules
    after    a thread sleeps so many seconds; `threading` never hears of it
    at       a profile function waits for the function's return, and takes the snapshot at the next call or return in
             the same thread: only then is the function's frame gone, and with it what its variables held. It leaves
             before the snapshot. What is a return and what a yield or an exception is read off the last instruction.

Stamps (which line made each object) are kept from the script's first line to the snapshot, unless nobody wants them. A
process that the script forks is not the script and takes nothing.
"""

from __future__ import annotations

import os
import sys

from outlive import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType, TracebackType
    from typing import Any

BOOT = "import sys; sys.path[:1] == [''] and sys.path.pop(0); from outlive.cli.run_inside import run; run()"
_RETURNS = ("RETURN_VALUE", "RETURN_CONST")
_ARCHIVES = (".pyz", ".zip")
_INTERRUPTED = 130


class _Taking:
    """Takes the snapshot once, in the process that was started, and never lets its failure reach the script."""

    def __init__(self, target: str, partial: str, goes_on: bool) -> None:
        self._target, self._partial, self._goes_on = target, partial, goes_on
        self._pid = os.getpid()
        self._done = False

    def __call__(self) -> None:
        if self._done or os.getpid() != self._pid:
            return
        self._done = True
        try:
            _core.snapshot(os.fsencode(self._partial))
            _core.Stamps().stop()
            os.replace(self._partial, self._target)
        except Exception as error:
            _tell(f"outlive: no snapshot: {type(error).__name__}: {error}\n")
            return
        if self._goes_on:
            _tell(f"outlive: {self._target} is written, the script goes on\n")


def run() -> None:
    """The whole child. Its `sys.argv`: target, partial file, lines of a stamp, point, "script" or "module", words."""
    _, target, partial, depth, point, kind, *words = sys.argv
    taking = _Taking(target, partial, goes_on=point != "end")
    sys.argv = words
    name = words[0]
    if point.startswith("after "):
        _take_later(taking, float(point.removeprefix("after ")))
    elif point.startswith("at "):
        _take_on_return(taking, point.removeprefix("at "), _own_name(kind, name))
    _begin_stamps(int(depth))
    try:
        if kind == "module":
            _run_module(name)
        elif os.path.isdir(name) or name.endswith(_ARCHIVES):
            _run_folder(name)
        else:
            _run_file(name)
    except SystemExit:
        raise
    except BaseException as error:
        raise SystemExit(_complain_as_python(error)) from None
    finally:
        if point == "end":
            import atexit  # registered last, so called first: when the threads have ended

            atexit.register(taking)


def _begin_stamps(depth: int) -> None:
    """A script whose stamps could not begin is run all the same: its snapshot has no sites."""
    if depth == 0:
        return
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    try:
        _core.Stamps().start(depth, ours=os.fsencode(os.path.join(ours, "")))
    except (MemoryError, RuntimeError, ValueError) as error:
        _tell(f"outlive: no sites: {error}\n")


def _own_name(kind: str, name: str) -> str:
    """The module name under which a person knows what runs as `__main__`."""
    return name if kind == "module" else os.path.splitext(os.path.basename(name))[0]


def _run_module(name: str) -> None:
    import runpy

    _put_on_path(os.getcwd())
    _empty_main()
    runpy._run_module_as_main(name)  # type: ignore[attr-defined]  # what `python -m` itself calls


def _run_folder(path: str) -> None:
    import runpy

    _put_on_path(path)
    _empty_main()
    runpy._run_module_as_main("__main__", False)  # type: ignore[attr-defined]  # what `python folder` itself calls


def _run_file(path: str) -> None:
    from _frozen_importlib_external import SourceFileLoader  # as Python itself: no import of importlib

    file = os.path.abspath(path)
    loader = SourceFileLoader("__main__", file)
    _put_on_path(os.path.dirname(os.path.realpath(path)))
    names = _empty_main()
    names.update(__file__=file, __cached__=None, __loader__=loader)
    exec(loader.source_to_code(loader.get_data(file), file), names)


def _put_on_path(folder: str) -> None:
    if not getattr(sys.flags, "safe_path", False):
        sys.path.insert(0, folder)


def _empty_main() -> dict[str, Any]:
    """The names of `__main__`, without what BOOT has put there."""
    names = sys.modules["__main__"].__dict__
    for name in [name for name in names if not (name.startswith("__") and name.endswith("__"))]:
        del names[name]
    return names


def _take_later(taking: Callable[[], None], seconds: float) -> None:
    import _thread
    import time

    def wait_and_take() -> None:
        time.sleep(seconds)
        taking()

    _thread.start_new_thread(wait_and_take, ())


def _take_on_return(taking: Callable[[], None], place: str, own_name: str) -> None:
    """Watch for the return of `module:function` in every thread."""
    import _thread
    import opcode
    import threading

    module, _, function = place.partition(":")
    modules = (module, "__main__") if module == own_name else (module,)
    last_name = function.rpartition(".")[2]
    returns = {opcode.opmap[name] for name in _RETURNS if name in opcode.opmap}
    returned_in: list[int] = []

    def hook(frame: FrameType, event: str, argument: object) -> None:
        if returned_in:
            if returned_in[0] == _thread.get_ident():
                threading.setprofile(None)
                sys.setprofile(None)
                taking()
            return
        code = frame.f_code
        if (
            event == "return"
            and code.co_name == last_name
            and frame.f_globals.get("__name__") in modules
            and _is_named(code, function)
            and code.co_code[frame.f_lasti] in returns
        ):
            returned_in.append(_thread.get_ident())

    threading.setprofile(hook)
    sys.setprofile(hook)


def _is_named(code: CodeType, function: str) -> bool:
    """Whether `function` ("handle", "App.handle") is this code's; 3.10 knows only the last part of the name."""
    qualified = getattr(code, "co_qualname", None)
    return qualified is None or qualified.replace("<locals>.", "") == function.replace("<locals>.", "")


def _complain_as_python(error: BaseException) -> int:
    """Let the script's `sys.excepthook` speak, with our frames taken off; returns the exit status."""
    trace = _without_ours(error.__traceback__)
    error.__traceback__ = trace
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, trace
    if sys.version_info >= (3, 12):
        sys.last_exc = error
    sys.excepthook(type(error), error, trace)
    return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1


def _without_ours(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


def _tell(text: str) -> None:
    try:
        os.write(2, text.encode("utf-8", "replace"))
    except OSError:
        pass  # the script may have closed it
