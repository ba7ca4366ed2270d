"""Before asyncio cancels what is left: the last moment at which it can be seen who was still waiting, and for what.

`asyncio.run` cancels all tasks that are left when its main one has ended, and whoever looks later finds them gone, as
if they had ended well. A loop that is closed by hand with tasks pending is seen at its `close`. Where nothing is left
nothing is looked at, so a program in order pays nothing. uvloop's own `close` is native and not seen; under
`asyncio.run` and `asyncio.Runner` its loops are.
"""

from __future__ import annotations

import sys

from outlive.lifetimes import calls, imports

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, ModuleType
    from typing import Any

    from outlive.resident.looking import Looker


def watch_loops(looker: Looker) -> None:
    """Take a look where a loop ends with tasks left, once asyncio is imported."""

    def before_end(values: tuple[Any, ...], _caller: FrameType | None) -> None:
        if _has_pending_tasks(values[0]):
            looker.look("loop-ends", snapshot=True)

    def with_runners(module: ModuleType) -> None:
        calls.watch(module, "_cancel_all_tasks", names=("loop",), before=before_end)

    def with_loops(module: ModuleType) -> None:
        calls.watch(module.BaseEventLoop, "close", before=before_end)

    imports.when_imported("asyncio.runners", with_runners)
    imports.when_imported("asyncio.base_events", with_loops)


def _has_pending_tasks(loop: Any) -> bool:
    tasks = sys.modules.get("asyncio.tasks")
    return tasks is not None and bool(tasks.all_tasks(loop))
