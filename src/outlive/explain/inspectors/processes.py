"""Child processes: ended and collected, or ended and never asked."""

from __future__ import annotations

from outlive.explain.asked import AskedHeap
from outlive.explain.context import Context
from outlive.explain.inspectors.answer import Answer, stuck, unknown
from outlive.explain.kinds import plain, says


def popen(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    """`returncode` is set by `wait` and `poll` alone: None says that nobody has asked, not that it still runs."""
    value = heap.attribute(node, "returncode")
    if not value:
        return None
    if says(heap, node, "returncode") == "None":
        return unknown("nobody has waited for this process: when it ends it stays a zombie")
    return stuck("the process has ended") if plain(heap.type_name(value)) == "int" else None


def multiprocess(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    return stuck("closed, and still referred to") if says(heap, node, "_closed") == "True" else None


def pool(heap: AskedHeap, node: int, context: Context) -> Answer | None:
    over = says(heap, node, "_state") in ("TERMINATE", "CLOSE")
    return stuck("was closed or terminated, and is still referred to") if over else None


INSPECTORS = {
    "subprocess.Popen": popen,
    "multiprocessing.process.BaseProcess": multiprocess,
    "multiprocessing.pool.Pool": pool,
}
