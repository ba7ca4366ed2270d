"""Opening the snapshot that a command line names: what is no whole snapshot is wrong usage, in words.

The file is only ever read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from outlive.cli.busy import busy
from outlive.errors import OutliveError, UsageError

if TYPE_CHECKING:
    from outlive.capture.snapshot import Snapshot

_MAKE_ONE = "outlive snapshot -o heap.outlive script.py   makes one"


def opened(file: str) -> Snapshot:
    """The loaded and checked snapshot.

    Raises UsageError for what is missing, no snapshot, damaged or of another format, and for a compressed one where
    zstandard is not installed.
    """
    from outlive.capture.container import DamagedSnapshot
    from outlive.capture.snapshot import load

    try:
        with busy(f"reading {file}"):
            return load(file)
    except DamagedSnapshot as error:
        raise UsageError(error.what, why=error.why, hint=error.hint or _MAKE_ONE) from None
    except FileNotFoundError:
        raise UsageError(f"no such file: {file}", hint=_MAKE_ONE) from None
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", hint=_MAKE_ONE) from None
    except OutliveError as error:
        raise UsageError(error.what, why=error.why, hint=error.hint) from None
