"""What holds for all tests: Ctrl-C works, here and in every process that a test starts.

Jobs in the background are started with it ignored, and a process hands that on to its children.
"""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Before anything is collected, in each worker."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
