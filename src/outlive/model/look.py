"""A look: what a watched program wrote of itself at one moment, beside a snapshot of its heap.

The watched side (`lifetimes`, `resident`) writes it as JSON, one file a look, with the names of these fields as keys;
`capture.look` reads it back. Times are seconds since the watching began. A *tick* is the logical clock of the stamps:
it goes up with every end that is noted, so that "made after it ended" is a comparison of two numbers. A *scope* is a
number that the context of a `with outlive.scope(...)`, of a decorated call or of a test carries; what is made there is
stamped with it, whatever else runs meanwhile. 0 is "not known" for both.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from outlive.model.explanation import Site


@dataclass(frozen=True)
class Ended:
    """An object whose lifetime has ended and that was alive at the look.

    `address` finds it in the look's snapshot, if `type` fits and its stamp's tick is `made_tick` (where both know it).
    `lifetime` says what ended ("session closed"), `contract` which contract said so ("" for a call of `outlive.ends`).
    `must`: "garbage", "tasks", "timers", "handles", "transports", "sockets", "fds", "threads", "children",
    "executors", "temp-files", "generators"; "everything" is all of them. `fate` is what became of it when the program
    was settled after the snapshot: "" (alive, or nobody settled), "turn" (gone after the loop had turned), "collect"
    (gone after the collector had run). `closing_tick` is the tick that was over when the ending call began, `tick` the
    one that was over when it had returned; they are the same where nobody saw the call begin.
    """

    address: int
    type: str
    lifetime: str
    at: float
    tick: int
    made_tick: int = 0
    contract: str = ""
    must: tuple[str, ...] = ("garbage",)
    matters: str = ""
    site: Site | None = None
    fate: str = ""
    key: int = 0
    closing_tick: int = 0


@dataclass(frozen=True)
class Closing:
    """A call that ended something, in the order of the calls. `times`: this was so many calls on this object.

    `trouble`: "" · "twice" · "loop-closed" (closed after the loop it belongs to) · "in-use" (closed while something
    that uses it still ran; `detail` says what) · "raised" (the closing call failed; `detail` is its error).
    """

    at: float
    what: str
    type: str
    site: Site | None = None
    times: int = 1
    trouble: str = ""
    detail: str = ""
    key: int = 0


@dataclass(frozen=True)
class Open:
    """What is open and no Python object needs to own: `kind` is fd, socket, thread, process, temp-file.

    `name` is what a person calls it ("127.0.0.1:8080 ESTABLISHED", a path, a thread's name); `number` the descriptor,
    pid or thread id; `state` e.g. "zombie", "daemon". `address` is its Python object's where there is one.
    """

    kind: str
    name: str
    number: int = 0
    state: str = ""
    site: Site | None = None
    address: int = 0
    scope: int = 0


@dataclass(frozen=True)
class Event:
    """Something noticed when it happened. `kind`: "swallowed-cancellation", "enter-raised", "never-awaited",
    "task-lost". `what` names the task, function or object; `type` is the object's, `address` its if it is alive."""

    kind: str
    at: float
    what: str
    detail: str = ""
    type: str = ""
    site: Site | None = None
    tick: int = 0
    scope: int = 0
    address: int = 0


@dataclass(frozen=True)
class Scope:
    """A lifetime of everything made in it: a `with outlive.scope`, a call, a test. `ended_at` None: it still runs.

    `returned` are addresses of what the scope gave back: theirs is a longer life. `parent` is the number of the scope
    in which this one began, 0 for none.
    """

    number: int
    name: str
    kind: str = "scope"
    began_at: float = 0.0
    ended_at: float | None = None
    tick: int = 0
    ended_tick: int = 0
    must: tuple[str, ...] = ("everything",)
    returned: tuple[int, ...] = ()
    parent: int = 0


@dataclass(frozen=True)
class Look:
    """Everything the watched side says at one moment.

    `reason`: "exit", "signal 15", "os._exit", "loop-ends" (asyncio.run is about to cancel what is left), "asked",
    "interval", "test", "steps" (a trial's, after its last step: ticks are those of steps). `snapshot` is the file
    beside it, "" for none. `running` are addresses of the asyncio handles and tasks that run just now; `harness` of
    objects that belong to who looks (log capture, test items, debuggers). `own_modules` are the program's own by where
    their files lie: beside its main script.
    `counters` are cheap figures (objects, blocks, rss, fds, threads, tasks) for growth over time.
    """

    reason: str
    at: float
    tick: int = 0
    pid: int = 0
    snapshot: str = ""
    python: str = ""
    ended: tuple[Ended, ...] = ()
    scopes: tuple[Scope, ...] = ()
    closings: tuple[Closing, ...] = ()
    open: tuple[Open, ...] = ()
    events: tuple[Event, ...] = ()
    running: tuple[int, ...] = ()
    harness: tuple[int, ...] = ()
    counters: dict[str, float] = field(default_factory=dict)
    import_path: tuple[str, ...] = ()
    own_modules: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
