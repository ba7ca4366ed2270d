"""What the parent may ask the child beyond steps and counts: names, and where the function lives that answers.

An answer is a function `(payload, inside) -> dict` of plain data. It is imported when it is first asked, so a trial
that asks nothing carries nothing. Adding a question is adding a line here.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from outlive.trial.inside import Inside

ANSWERED_BY = {
    "echo": "outlive.trial.questions:echo",
    "mark": "outlive.trial.questions:mark",
    "bounds": "outlive.trial.questions:bounds",
    "snapshot": "outlive.trial.questions:snapshot",
    "import-path": "outlive.trial.questions:import_path",
    "look": "outlive.trial.lives:look",
    "deepen": "outlive.trial.questions:deepen",
    "watch-openings": "outlive.trial.openings:watch",
    "openings": "outlive.trial.openings:tell",
    "watch-allocations": "outlive.trial.allocations:watch",
    "allocations": "outlive.trial.allocations:tell",
    "watch-calls": "outlive.trial.calls_at:watch",
    "calls": "outlive.trial.calls_at:tell",
    "native-begin": "outlive.trial.native_looks:begin",
    "native-look": "outlive.trial.native_looks:look",
}


def answerer(name: str) -> Callable[[dict[str, Any], Inside], dict[str, Any]]:
    """The function that answers `name`. Raises KeyError for a question that nobody answers."""
    from importlib import import_module

    module, _, function = ANSWERED_BY[name].partition(":")
    return getattr(import_module(module), function)  # type: ignore[no-any-return]


def echo(payload: dict[str, Any], inside: Inside) -> dict[str, Any]:
    """The payload itself: shows that the line works."""
    return payload


def mark(payload: dict[str, Any], inside: Inside) -> dict[str, Any]:
    """Remember how much every container holds, for `bounds` to compare with.

    What `bounds` will need is imported here, early: an import between two readings would be growth of our making.
    """
    import outlive.probes.bounds  # noqa: F401

    inside.census.mark()
    return {}


def bounds(payload: dict[str, Any], inside: Inside) -> dict[str, Any]:
    """Containers with a known bound that have grown since the mark; see `outlive.probes.bounds`."""
    from outlive.probes.bounds import analyse

    return analyse(inside.census, frozenset(payload["types"]))


def snapshot(payload: dict[str, Any], inside: Inside) -> dict[str, Any]:
    """Write this heap to the file that the parent names; what the snapshot says of itself."""
    from outlive import _core

    return dict(_core.snapshot(payload["path"].encode()))


def import_path(payload: dict[str, Any], inside: Inside) -> dict[str, Any]:
    """Where this process imports from, and which Python it is: what tells your code from a library's."""
    import sys

    version = sys.version_info
    python = f"{version[0]}.{version[1]}.{version[2]}"
    return {"path": [str(folder) for folder in sys.path], "python": python}


def deepen(payload: dict[str, Any], inside: Inside) -> dict[str, Any]:
    """From here on each object's stamp names `depth` lines of the call stack; how stamps are kept."""
    from outlive.trial import stamping

    return stamping.deepen(payload["depth"])
