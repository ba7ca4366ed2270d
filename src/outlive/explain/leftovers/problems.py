"""What can be wrong with something that is left: a slug, a title, why it matters, what to do. All wording in one place.

A slug is stable: reports, suppressions and documentation name it. `rank`: the smaller, the more serious; where two
problems are seen in one thing, the more serious one leads.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """`matters` and `advice` are whole sentences for a person."""

    slug: str
    title: str
    matters: str
    advice: str
    rank: int


_ROWS = (
    Problem(
        "made-after-close",
        "made after its owner was closed",
        "Nobody is left to end it, so it lives, and keeps its owner alive, as long as the process does.",
        "Set a closed flag before anything else in the closing call, and look at it before making tasks or timers; "
        "await the tasks that were cancelled, so that none goes on unseen.",
        0,
    ),
    Problem(
        "stuck",
        "can never wake",
        "It waits for what nothing that runs can give, so its clean-up never runs and what it holds is never freed.",
        "Find who should have set the future, event or queue that it waits for; give the wait a time-out, or cancel "
        "the waiter when the giver ends.",
        1,
    ),
    Problem(
        "swallowed-cancellation",
        "asked to cancel, and went on",
        "Whoever cancelled it believes that it has ended; what it does from then on happens after the close.",
        "Let asyncio.CancelledError through. On Python 3.10 and 3.11 asyncio.wait_for itself swallows it when the "
        "result arrives at the same time: use asyncio.timeout (3.11) or look at a closed flag after each await.",
        2,
    ),
    Problem(
        "task-goes-on",
        "its task goes on after the end",
        "The task keeps the object that was ended, and works on something that is closed.",
        "Keep the task in an attribute; cancel it and await it in the closing call.",
        3,
    ),
    Problem(
        "thread-goes-on",
        "its thread goes on after the end",
        "The thread keeps the object that was ended, and all that hangs on it.",
        "Tell the thread to stop in the closing call, and join it.",
        4,
    ),
    Problem(
        "timer-not-cancelled",
        "a timer that nobody cancelled",
        "Until it fires, the loop's timers keep its callback and all that the callback refers to.",
        "Keep the handle that call_later returned, and cancel it in the closing call.",
        5,
    ),
    Problem(
        "listener-not-removed",
        "a listener that was added and never removed",
        "Whoever it listens to keeps it, with the object that it belongs to, and calls it after the close.",
        "Remove it where the object is closed, with the same function that was added.",
        6,
    ),
    Problem(
        "outlived",
        "alive after its end",
        "What should be gone is still held, with everything that it refers to.",
        "Remove the reference that is marked, when the object is closed.",
        7,
    ),
    Problem(
        "left-open",
        "closed, and something of it stays open",
        "The close was not complete: what it left open is ended by nobody else.",
        "End it in the closing call of its owner.",
        8,
    ),
    Problem(
        "enter-raised",
        "acquired, then entering failed",
        "When __enter__ or __aenter__ raises, __exit__ is never called: what was acquired before stays.",
        "Release in __enter__ itself what it has acquired, with try/except or an ExitStack whose pop_all() is the "
        "last line.",
        9,
    ),
    Problem(
        "left-behind",
        "made in a scope that has ended, and still there",
        "It was made for something that is over, and nothing that was given back needs it.",
        "End it before the scope does, or give it back to whoever shall own it.",
        10,
    ),
    Problem(
        "zombie",
        "a child process that nobody waited for",
        "It has ended, and keeps its entry in the table of processes until its parent waits for it.",
        "Call wait() or communicate() on it.",
        11,
    ),
    Problem(
        "child-running",
        "a child process that is still running",
        "It goes on without its parent.",
        "terminate() it and wait(), or start it with start_new_session=True if it shall stay.",
        12,
    ),
    Problem(
        "executor-not-shut-down",
        "an executor that was never shut down",
        "Its threads or processes wait for work that never comes, and the end of the process waits for them.",
        "Use it in a with block, or call shutdown().",
        13,
    ),
    Problem(
        "idle-thread",
        "a thread that waits for nobody",
        "It waits for what nothing that runs can give: its stack and all that it refers to stay.",
        "Put a last item (None, or queue.ShutDown from 3.13 on) into its queue when the work is done, and join it.",
        14,
    ),
    Problem(
        "open-at-end",
        "still open at the end",
        "Nobody ended it: what it buffered may be lost, and its peer sees an abrupt end.",
        "End it by the call that is named, in a with block or a finally clause.",
        15,
    ),
    Problem(
        "fd-without-owner",
        "a descriptor that no Python object owns",
        "Nothing closes it before the process ends.",
        "Close it with os.close, or give it to an object that closes it (os.fdopen, socket.socket(fileno=...)).",
        16,
    ),
    Problem(
        "temp-file-left",
        "a temporary file left behind",
        "Temporary files that stay fill the disk, run by run.",
        "Use tempfile.TemporaryDirectory or NamedTemporaryFile in a with block.",
        17,
    ),
    Problem(
        "generator-not-closed",
        "an asynchronous generator that was never closed",
        "It waits in the middle: its finally clauses run only when the loop ends, or never.",
        "Use contextlib.aclosing(...), or exhaust it.",
        18,
    ),
    Problem(
        "cancel-not-run",
        "cancel requested, and the loop was not turned",
        "The task has not heard of its cancellation: its clean-up has not run.",
        "Await the task after cancel(): await asyncio.gather(task, return_exceptions=True).",
        19,
    ),
    Problem(
        "task-lost",
        "a task that was lost before it was done",
        "The loop keeps tasks weakly: this one was collected in the middle of its work.",
        "Keep a reference to the task until it is done, in a set for instance, or use asyncio.TaskGroup.",
        20,
    ),
    Problem(
        "never-awaited",
        "a coroutine that was never awaited",
        "It never ran.",
        "Await it, or make a task of it and keep that.",
        21,
    ),
    Problem(
        "pending-at-end",
        "a task that nobody awaited or cancelled",
        "It was still at work when the loop ended: its result is lost.",
        "Await it, cancel and await it, or use asyncio.TaskGroup.",
        22,
    ),
    Problem(
        "thread-running",
        "a thread that still runs",
        "A daemon thread is stopped in the middle of what it does when the process ends.",
        "Tell it to stop, and join it.",
        23,
    ),
    Problem(
        "closed-while-used",
        "closed while its user still ran",
        "Its user goes on with what is closed: the next use fails, or waits for ever.",
        "End the user first: remove the handler, unregister the socket, cancel the task and await it, join the thread.",
        24,
    ),
)
PROBLEMS = {one.slug: one for one in _ROWS}


def problem(slug: str) -> Problem:
    """The problem of this slug. Raises KeyError for one that nobody knows."""
    return PROBLEMS[slug]
