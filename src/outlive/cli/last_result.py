"""The newest result of a check, kept for the next command: `outlive report --last`.

Knows one file, `$XDG_STATE_HOME/outlive/last.json`, private (0600). Saving it never spoils a check: what cannot be
written is silently not kept. Reading it says what is wrong.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from outlive.errors import UsageError


def place() -> Path:
    """Where the newest result is kept. A relative `XDG_STATE_HOME` is none, as its specification says."""
    state = Path(os.environ.get("XDG_STATE_HOME") or "")
    if not state.is_absolute():
        state = Path(os.path.expanduser("~")) / ".local" / "state"
    return state / "outlive" / "last.json"


def save(result_json: dict[str, Any]) -> None:
    """Keep a result (as `check_json.to_json` makes it), replacing the one before only when it is complete."""
    with contextlib.suppress(OSError, ValueError):
        _write(place(), json.dumps(result_json))


def load() -> str:
    """The newest result, as JSON text. Raises UsageError where there is none."""
    file = place()
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError("no result is kept yet", why=f"looked for {file}", hint="outlive check scenario.py") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {file}", why=str(error), hint="outlive check scenario.py") from error


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(prefix=".last-", dir=file.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(partial, file)
    except BaseException:
        os.unlink(partial)
        raise
