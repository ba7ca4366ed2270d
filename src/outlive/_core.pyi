"""The native core. Thin: what these do is written in native/ beside the code that does it."""

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, TypedDict

from typing_extensions import Buffer

class SnapshotFacts(TypedDict):
    """What a snapshot says of itself. `fewer` must be 0: no object has more references than it counts."""

    nodes: int
    edges: int
    tracked: int
    refused: int
    impossible: int
    broken_links: int
    counted: int
    exact: int
    more: int
    fewer: int
    pause_seconds: float

def snapshot(path: bytes, /) -> SnapshotFacts:
    """Walk this interpreter's heap into a new file (0600). The GIL is held for `pause_seconds`, not while writing.

    Raises OSError (the file is there already, disk full …), MemoryError, RuntimeError (damaged collector lists).
    """

def watch_allocations() -> bool:
    """Record what is taken from Python's allocators from here on.

    False: there is no memory for it, or another watch is not forgotten.
    """

def end_allocations() -> None:
    """Stop recording; what was found stays."""

def tell_allocations(types: dict[int, str], fewest: int, /) -> dict[str, Any]:
    """What was taken and is still there, where at least `fewest` share one place; ends the watch.

    `rows`, each with `pile` (its number), `under` (the pile whose blocks refer to most of these, 0: none),
    `referred_to` (how many are referred to), `count`, `size`, `lines` (file, line, function; innermost first), `native`
    (module's path, address as its file counts them, nearest exported symbol, bytes past it; empty for the first few of
    a place) and `kinds` ({type's name: how many of at most 64}; "" is no object). `types` names types by their address.
    `seen` and `missed` count blocks.
    """

def forget_allocations() -> None:
    """End the watch and give back what it holds."""

def empty_free_lists(events: int, /) -> bool:
    """At each call and return of this thread, `events` times, empty the lists of objects kept for reuse; 0 ends it.

    Takes the place of a profile function. False: there were more events since the last time than were wanted.
    """

def native_heap() -> tuple[int, int, int, int] | None:
    """glibc's mallinfo2: bytes in use, bytes in use by mapping, arena bytes, free bytes. None: another C library.

    Blocks in a thread's cache count as in use: set GLIBC_TUNABLES=glibc.malloc.tcache_count=0 before the process
    starts where exact figures are wanted.
    """

def young_count(count: int = -1, /) -> int:
    """How many objects count towards the next youngest collection; set where `count` is not negative."""

def crc32c(data: Buffer, crc: int = 0, /) -> int:
    """CRC-32C of `data`, continuing from `crc`."""

def catch_signals(numbers: Iterable[int], write_fd: int, /) -> list[int]:
    """Have these signals, where their action is the default one, written to `write_fd` as one byte each, their number.

    Those that are caught are returned. `signal.getsignal` goes on to say SIG_DFL; a handler of the program's, set
    before or after, is the only one. Only in this process: a forked copy dies of them as it would have. Where nobody
    can read the byte, or the same SIGTERM, SIGHUP, SIGINT or SIGQUIT comes again after 5 seconds, the default action
    is taken at once. `write_fd` should not block. Raises OSError for a bad descriptor, ValueError for no signal.
    """

def pass_on(number: int, /) -> bool:
    """Take the default action of a signal that was caught, which may end the process here and now.

    False, and nothing is done, where the program has put a handler of its own or ignores the signal meanwhile.
    """

def release_signals() -> None:
    """Put the default action back wherever ours still stands."""

class Hooked:
    """Stands where a function stood: calls `note`, then the function, then `after`; and adds no frame.

    `note(first)`: before the call, with the first positional argument, None where there is none. `after(first, result,
    failed)`: after it; the result is None where it failed. With `whole` both get the tuple of all positional arguments
    in the place of `first`. What they return is dropped, and so is what they raise, unless it is no `Exception`.
    Everything else is answered by the function: attributes, class, signature, text; it binds, is copied and pickled
    as the function is. Raises TypeError for what cannot be called, classes, and static methods.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        note: Callable[[Any], object] | None = None,
        after: Callable[[Any, Any, bool], object] | None = None,
        *,
        whole: bool = False,
    ) -> None: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    @staticmethod
    def original(thing: Any, /) -> Any:
        """The function that this one stands for; what is no `Hooked`, as it is."""

class Census:
    """Counts of all live objects by type, again and again, allocating nothing that its own counts would see."""

    def __init__(self) -> None: ...
    def take(self) -> None:
        """Walk and count. Holds the GIL; runs no Python code."""
    def frame(self) -> bytes:
        """What changed since the last frame; see outlive.capture.census_frame."""
    def mark(self) -> None:
        """Remember how many references each container holds."""
    def grown(self, limit: int = 64, /) -> list[tuple[object, int, int]]:
        """Containers that lived at the mark and hold at least 8 more references: (object, then, now), most first."""
    def holders(self, objects: tuple[object, ...], limit: int = 16, /) -> list[list[object]]:
        """For each object, what refers to it."""
    def retained(self, objects: tuple[object, ...], child_types: frozenset[str], /) -> dict[str, int]:
        """Types and counts of what would be freed without these objects and their children of those types."""
    @property
    def nodes(self) -> int:
        """Objects found by the last walk."""
    @property
    def caches(self) -> tuple[int, int]:
        """Blocks and native bytes of the interpreter's own caches (3.10: opcode caches), seen by the last walk."""

class StampFacts(TypedDict):
    """How stamps are kept. `lost_at`: the tick in which our hook was taken away, None if it was not."""

    mode: str
    depth: int
    sparse: bool
    tracer_taken: bool
    lost_at: int | None
    sites: int
    unstamped: int
    refused: int
    scopes_left_out: int

class Stamps:
    """When and where each object is made, noted at its making; the one set of this process, however often it is asked
    for. A snapshot taken meanwhile has them as columns. Costs time at every making, and 8 bytes for each 16 of objects.
    """

    def __init__(self) -> None: ...
    def start(
        self,
        depth: int = 1,
        *,
        allocator: bool = False,
        ours: bytes = b"",
        watcher: bytes = b"",
        sparse: bool = False,
        through: tuple[bytes, ...] = (),
    ) -> str:
        """Begin with tick 1; the mode: "tracer" (3.13 on, where nobody else has the tracer) or "allocator".

        `depth`: how many lines of the call stack, at most 64. `allocator`: take that mode anyhow. Code in the folder
        `ours` is passed over to its caller; code in `watcher` ends the chain of callers.
        `sparse`: stamp only what may have to end or owns what may; what is unstamped is unknown (sparse.h).
        `through`: folders of libraries, at most 8. Lines there do not count for `depth`: those that called them are
        kept, too, out to the first one elsewhere. Raises RuntimeError when already begun, MemoryError.
        """
    def stop(self) -> None:
        """End, and forget all stamps."""
    def tick(self, number: int, /) -> None:
        """What is made from here on is of this tick (an unsigned 32-bit number)."""
    def depth(self, depth: int, /) -> None:
        """Change how many lines of the call stack are kept from here on."""
    def scope_variable(self, variable: ContextVar[int], /) -> None:
        """From here on stamps also say the *scope*: what this variable has in the context that runs, if that is an int
        from 1 to 2**32 - 1. A default does not count. `stop` ends it."""
    def of(self, thing: object, /) -> tuple[int, int, str, int, str] | None:
        """The object's own stamp: tick, scope (0: none), file, line, function ("" and 0: no line of the program's).

        With `through`, the line is the first one outside of those folders, if the stamp has one.

        None where it has none, or where what stands there may be an earlier object's.
        """
    def made(self, since: int, scope: int | None, types: tuple[type, ...], /) -> list[object]:
        """Living objects of these types and their subclasses that were made in tick `since` or later, and in this
        scope if one is given (0: in none). Only what the collector tracks. The list holds them: drop it soon.

        Runs no code of theirs. Raises RuntimeError where the collector's lists are damaged, MemoryError.
        """
    @property
    def mode(self) -> str:
        """ "off", "tracer" or "allocator"."""
    @property
    def mapped_bytes(self) -> int:
        """Address space the stamps take: no malloc, no Python block."""
    @property
    def facts(self) -> StampFacts: ...

class Controls:
    """A known leak and a known innocent; both are counted under types of their own."""

    def plant(self) -> None:
        """Leak one `outlive.control.Leaked`; drop one `outlive.control.Dropped` in a cycle."""
    @property
    def blocks(self) -> int:
        """Python blocks that the leaked ones occupy."""

class Column:
    """A pass' result: an array with the buffer protocol, read-only. Its memory goes with the last view of it."""

    def __buffer__(self, flags: int, /) -> memoryview: ...
    def __len__(self) -> int: ...

class HeapGraph:
    """Who refers to whom, and passes over it. Arrays in are views, kept; nobody may write to them meanwhile.

    Row 0 is "nothing": references to it do not exist. Empty arrays of costs (b"") mean no extra cost. Passes run
    without the GIL. Raises ValueError for numbers that point outside, MemoryError; nothing else.
    """

    def __init__(self, edge_start: Buffer, targets: Buffer, /) -> None:
        """`edge_start` u8[nodes + 1], `targets` u4. Both are checked here, once."""

    def holders(
        self,
        roots: Buffer,
        root_costs: Buffer,
        enter_costs: Buffer,
        exit_costs: Buffer,
        types: Buffer,
        type_cost: int,
        cuts: Buffer = b"",
        /,
    ) -> Column:
        """u4: the node before each on its cheapest path from a root; a root's is itself; 0xffffffff: not reached.

        A path costs its root's cost (u1, one a root) and, for each reference u to v, 1 + exit_costs[u] +
        enter_costs[v] (u1, one a node), and `type_cost` (at most 255) if v is types[u] (u4). References in `cuts` (u4:
        source, target, source, target …) are not followed. Equal costs: what is found first in the order of roots and
        references stays.
        """

    def reached(self, roots: Buffer, cuts: Buffer = b"", /) -> Column:
        """u1: 1 where a path leads from a root."""

    def woken(self, roots: Buffer, members: Buffer, keys: Buffer, extra: Buffer = b"", cuts: Buffer = b"", /) -> Column:
        """u1: 0 not reached, 1 reached but asleep, 2 walked, when some of what is reached sleeps.

        `members` (u4: node, sleeper, node, sleeper …): nodes that are nothing but a sleeper; reaching one does not walk
        on until the sleeper is awake. `keys` (the same): walking such a node wakes the sleeper, and all its members are
        walked. `extra`: references (u4: source, target …) beside the graph's. Sleepers are numbered from 1, below the
        number of nodes.
        """

    def referrers(self) -> tuple[Column, Column]:
        """The references backwards: starts u8[nodes + 1], sources u4; for each node ascending, once a reference."""

    def dominators(self, roots: Buffer, /) -> Column:
        """u4: each node's immediate dominator; 0: only all roots together keep it alive; 0xffffffff: not reached."""

    def retained(self, dominators: Column, sizes: Buffer, /) -> Column:
        """u8: bytes that would go with each node; row 0: with everything. `sizes` is u4 or u8, one a node.

        `dominators` must be what `dominators()` returned: it carries the order in which sizes are summed.
        """

    def components(self) -> Column:
        """u4: each node's strongly connected component, from 1; row 0: 0. References never lead to a higher one."""
