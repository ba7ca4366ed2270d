"""Signals that would end the program at once, and the one that asks for a look.

Theory of operation. Python offers no handler that the program could not see. The native core has one: it writes the
signal's number into the sampler's pipe, and only where nobody handles that signal; `signal.getsignal` goes on to say
"default". The sampler takes the last look and passes the signal on with its default action, so that the process ends
just as it would have. A handler that the program sets, before or after, is the only one there is.

Programs put the default action back, too: uvicorn does, to die of the signal that it has handled. So calls of
`signal.signal` are watched, and ours goes in again where the default has been asked for.

A program may send itself the signal that ends it, as uvicorn does, and must not go on while we look: then the look is
taken before the signal is sent (`by_itself`).

Ctrl-C is the program's own: it becomes KeyboardInterrupt, and the interpreter's end takes the look.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import os

from outlive import _core
from outlive.lifetimes import calls, imports
from outlive.resident import by_itself

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType, ModuleType
    from typing import Any

    from outlive.resident.looking import Looker

_DEADLY = (_signal.SIGTERM, _signal.SIGHUP)


class Signals:
    """What to do with each number that comes through the pipe."""

    def __init__(self, looker: Looker, *, asking: int, snapshot: bool) -> None:
        self._looker, self._asking, self._snapshot = looker, asking, snapshot
        self._write_end = -1

    def catch(self, write_end: int) -> bool:
        """Begin; False where this core cannot, and everything stays as it is."""
        self._write_end = write_end
        wanted = [int(number) for number in (*_DEADLY, self._asking) if _is_default(int(number))]
        if not _catch(wanted, write_end):
            return False
        imports.when_imported("signal", self._watch_handlers)
        by_itself.watch_sending(self._is_sent)
        return True

    def _is_sent(self, number: int) -> None:
        """In the thread that sends it, and that ends with the others within the call."""
        if self._write_end < 0 or self._looker.is_copy or number not in _DEADLY:
            return
        if _is_default(number):
            self._looker.look(f"signal {number}", snapshot=self._snapshot)
            self.release()

    def _watch_handlers(self, module: ModuleType) -> None:
        calls.watch(module, "signal", names=("signalnum",), after=self._handler_set)

    def _handler_set(
        self, values: tuple[Any, ...], _result: Any, _error: BaseException | None, _caller: FrameType | None
    ) -> None:
        number = int(values[0])
        if self._write_end < 0 or self._looker.is_copy or number not in (*_DEADLY, self._asking):
            return
        if _is_default(number):
            _catch([number], self._write_end)

    def release(self) -> None:
        """Default actions again: nobody reads the pipe from here on."""
        self._write_end = -1
        if not self._looker.is_copy:
            _core.release_signals()

    def arrived(self, number: int) -> None:
        """In the sampler's thread."""
        if number == self._asking:
            file = self._looker.look("asked", snapshot=True)
            self._looker.leave_word("asked-for", f"look={file or ''}")
            return
        self._looker.look(f"signal {number}", snapshot=self._snapshot)
        if not _core.pass_on(number):
            os.kill(os.getpid(), number)  # a handler of the program's is there by now: it is its signal


def _is_default(number: int) -> bool:
    return number > 0 and _signal.getsignal(number) == _signal.SIG_DFL


def _catch(numbers: Sequence[int], write_end: int) -> bool:
    try:
        return bool(_core.catch_signals(tuple(numbers), write_end))
    except (OSError, ValueError):
        return False
