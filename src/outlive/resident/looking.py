"""One look at a time, in the process that was started, and never a word of it to the program.

Knows when a look is allowed; what a look holds, `lifetimes.look` knows. Whoever wants one while another thread takes
one waits for that, within a bound; who wants one from within one (a signal's handler that ends the process while we
look) gets none. A forked copy gets none. After the last look there is no other.
"""

from __future__ import annotations

import _thread
import os
import time

from outlive.lifetimes.notebook import NOTEBOOK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE_S = 20.0


class Looker:
    """Takes looks into a folder. `take` is `lifetimes.look.take_look`."""

    def __init__(self, folder: str, take: Callable[..., str | None]) -> None:
        self.folder = folder
        self._take = take
        self._pid = os.getpid()
        self._one_at_a_time = _thread.allocate_lock()
        self._looking_thread = 0
        self._over = False

    @property
    def is_copy(self) -> bool:
        """Whether this process is a forked copy of the one that is watched."""
        return os.getpid() != self._pid

    def look(self, reason: str, *, snapshot: bool, settle: bool = False, last: bool = False) -> str | None:
        """The file that was written, None where nothing was. `last`: there is no other after it.

        A look at figures alone does not wait for another one.
        """
        me = _thread.get_ident()
        if self._is_over() or self.is_copy or self._looking_thread == me:
            return None
        if not self._one_at_a_time.acquire(timeout=_PATIENCE_S if snapshot or last else 0.0):
            return None
        self._looking_thread = me
        began = time.monotonic()
        try:
            return None if self._is_over() else self._take(reason, self.folder, snapshot=snapshot, settle=settle)
        except Exception:
            return None  # no memory, no room on the disk, the folder gone: the parent sees that a look is missing
        finally:
            if snapshot and not last:
                NOTEBOOK.word(f"the program stood still for {time.monotonic() - began:.3f} s for a look ({reason})")
            self._over |= last
            self._looking_thread = 0
            self._one_at_a_time.release()

    def _is_over(self) -> bool:
        """Another thread may have taken the last look while we waited."""
        return self._over

    def leave_word(self, name: str, text: str) -> None:
        """A small file for the parent beside the looks."""
        if self.is_copy:
            return
        try:
            descriptor = os.open(os.path.join(self.folder, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                os.write(descriptor, text.encode("utf-8", "replace"))
            finally:
                os.close(descriptor)
        except OSError:
            pass
