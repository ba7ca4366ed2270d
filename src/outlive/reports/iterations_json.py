"""The file of successive runs, schema `outlive.iterations/1`: written by us, read back with care.

Anybody may have edited it in between: what does not fit is refused before anything is run, with the place.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from outlive.errors import UsageError
from outlive.model.iterations import Cause, Iteration, Iterations

SCHEMA = "outlive.iterations/1"
_MOST_BYTES = 64 << 20


def dumps(history: Iterations) -> str:
    """As text, one object."""
    return json.dumps({"schema": SCHEMA, **dataclasses.asdict(history)}, indent=1) + "\n"


def load_iterations(file: Path) -> Iterations:
    """What stands in the file; no runs where there is none. Raises UsageError for what is not ours, or damaged."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{file} is too large to be a table of runs", hint=_hint(file))
        data = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if not file.absolute().parent.is_dir():
            raise UsageError(f"cannot write {file}: no such folder", hint="--iterations FILE elsewhere") from None
        return Iterations()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}", hint="--iterations FILE elsewhere") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is damaged: it is no JSON", why=str(error)[:200], hint=_hint(file)) from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise UsageError(f"{file} is no table of runs", why=f"its schema is not {SCHEMA}", hint=_hint(file))
    try:
        runs = tuple(
            Iteration(_of(row, "at", str), _of(row, "verdict", str), tuple(map(_cause, _of(row, "causes", list))))
            for row in _of(data, "runs", list)
        )
        return Iterations(_of(data, "program", str), runs)
    except (KeyError, TypeError) as error:
        raise UsageError(f"{file} is damaged: {error.args[0]}", hint=_hint(file)) from None


def _cause(row: Any) -> Cause:
    values = {}
    for one in dataclasses.fields(Cause):
        kind = {"int": int, "str": str, "bool": bool}[str(one.type)]
        values[one.name] = _of(row, one.name, kind)
    return Cause(**values)


def _of(row: Any, name: str, kind: type) -> Any:
    if not isinstance(row, dict):
        raise TypeError(f"something else stands where {name!r} should be")
    if type(row.get(name)) is not kind:
        raise TypeError(f"{name!r} is missing or of the wrong kind")
    return row[name]


def _hint(file: Path) -> str:
    return f"--iterations another file, or delete {file} to begin anew"
