"""Two snapshots, or three, compared: which objects are new, of which types, made where, held by whom.

Theory of operation. In one process an object is known by address and type; nothing moves, so what stands elsewhere is
new. An address that was used again by another object of the same type hides it, unless stamps tell: a tick later than
every tick of the earlier snapshot is new for certain. "Made between A and B and still in C" is what A lacks and B and C
have. In different processes addresses mean nothing: counts by type and by pattern of holder path are compared.

Processes are told apart by number, and by where their classes stand: a number is used again after a while, and every
container has a process 1.

Who holds what is asked of a sample of each of the leading types; the report calls its figures estimates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from outlive.capture.snapshot import Snapshot
from outlive.heap.heap import Heap
from outlive.heap.newness import Newness
from outlive.heap.roots import RootKind
from outlive.model.heap_change import HeapChange, HolderChange, SiteChange, TypeChange

_LOOKED_AT = 48
_LEADING = 12
_SITES = 200
_BETWEEN_STEPS = 0xFFFFFFFF
_NOBODY = "nobody: garbage that waits for the collector"

Mask = npt.NDArray[np.bool_]
_Found = dict[str, tuple[int, int, str]]  # by pattern: how many of those looked at, a node, its expression


def compare(files: Sequence[str], snapshots: Sequence[Snapshot]) -> HeapChange:
    """`snapshots` are two or three of ascending age, as given."""
    same = all(same_process(snapshots[0], one) for one in snapshots[1:])
    return _of_one_process(files, snapshots) if same else _of_several(files, snapshots)


def same_process(one: Snapshot, other: Snapshot) -> bool:
    """Whether addresses of the one mean the same in the other."""
    if one.facts["pid"] != other.facts["pid"] or one.python_version != other.python_version:
        return False
    then, now = _classes(one), _classes(other)
    return len(then & now) * 2 > min(len(then), len(now))


def _classes(snapshot: Snapshot) -> set[tuple[int, str]]:
    addresses = snapshot.column("address")
    return {(int(addresses[row.node]), row.name) for row in snapshot.types.values()}


def _of_one_process(files: Sequence[str], snapshots: Sequence[Snapshot]) -> HeapChange:
    first, second, last = snapshots[0], snapshots[1], snapshots[-1]
    by_stamps = all(one.stamps is not None for one in snapshots)
    new = _made_since(first, last, by_stamps)
    came = new
    if last is not second:
        new = new & ~_made_since(second, last, by_stamps)
        came = _made_since(first, second, by_stamps)
    gone = _gone(first, second) if last is second else _count_by_type(second, came) - _count_by_type(last, new)
    sizes = last.sizes()
    return HeapChange(
        files=tuple(files),
        same_process=True,
        by_stamps=by_stamps,
        objects=tuple(len(one) - 1 for one in snapshots),
        bytes=tuple(int(one.sizes().sum()) for one in snapshots),
        new=int(new.sum()),
        new_bytes=int(sizes[new].sum()),
        gone=sum(gone.values()),
        types=_types(first, last, new, gone),
        sites=_sites(last, new),
        holders=_holders(last, new),
    )


def _made_since(earlier: Snapshot, later: Snapshot, by_stamps: bool) -> Mask:
    """By node of `later`: not there in `earlier`."""
    new = Newness(earlier, later).is_new
    if by_stamps:
        new = new | _later_tick(earlier, later)
    made: Mask = new & (later.column("type") != 0)
    return made


def _later_tick(earlier: Snapshot, later: Snapshot) -> Mask:
    """Stamped, reliably, with a tick that `earlier` had not come to."""
    then, now = earlier.stamps, later.stamps
    assert then is not None
    assert now is not None
    known = then.tick[then.tick != _BETWEEN_STEPS]
    last = int(known.max()) if len(known) else 0
    types = later.column("type")
    kinds, first = np.unique(types, return_index=True)
    unsure = kinds[[now.is_approximate(int(node)) for node in first]]
    found: Mask = (now.tick > last) & (now.tick != _BETWEEN_STEPS) & ~np.isin(types, unsure)
    return found


def _gone(first: Snapshot, second: Snapshot) -> Counter[str]:
    return _count_by_type(first, Newness(second, first).is_new)


def _count_by_type(snapshot: Snapshot, mask: Mask | None = None) -> Counter[str]:
    types = snapshot.column("type")
    counts = np.bincount(types if mask is None else types[mask], minlength=len(snapshot))
    found: Counter[str] = Counter()
    for node, row in snapshot.types.items():
        found[row.name] += int(counts[node])
    return found


def _bytes_by_type(snapshot: Snapshot, mask: Mask) -> Counter[str]:
    types, sizes = snapshot.column("type")[mask], snapshot.sizes()[mask]
    total = np.bincount(types, weights=sizes, minlength=len(snapshot))
    found: Counter[str] = Counter()
    for node, row in snapshot.types.items():
        found[row.name] += int(total[node])
    return found


def _types(first: Snapshot, last: Snapshot, new: Mask, gone: Counter[str]) -> tuple[TypeChange, ...]:
    """Types with something new or gone; those with the most new bytes first."""
    before, after = _count_by_type(first), _count_by_type(last)
    fresh, size = _count_by_type(last, new), _bytes_by_type(last, new)
    names = [name for name in {*before, *after} if fresh[name] or gone[name] > 0]
    rows = [TypeChange(name, before[name], after[name], fresh[name], max(0, gone[name]), size[name]) for name in names]
    return tuple(sorted(rows, key=lambda one: (-one.bytes, -one.new, one.type)))


def _sites(snapshot: Snapshot, new: Mask) -> tuple[SiteChange, ...]:
    """The lines that made the most bytes of what is new."""
    stamps = snapshot.stamps
    if stamps is None:
        return ()
    numbers, sizes = stamps.site_numbers[new], snapshot.sizes()[new]
    counts, total = np.bincount(numbers), np.bincount(numbers, weights=sizes)
    found: dict[tuple[str, int, str], tuple[int, int]] = {}
    for number in np.flatnonzero(counts).tolist():
        if number:
            site = stamps.site_of_number(number)
            key = (site.file, site.line, site.function)
            count, size = found.get(key, (0, 0))
            found[key] = (count + int(counts[number]), size + int(total[number]))
    rows = [SiteChange(*where, new=count, bytes=size) for where, (count, size) in found.items()]
    return tuple(sorted(rows, key=lambda one: (-one.bytes, -one.new, one.file, one.line)))[:_SITES]


def _holders(snapshot: Snapshot, new: Mask) -> tuple[HolderChange, ...]:
    """The leading types' patterns of holder paths, most new objects first."""
    heap = Heap(snapshot)
    rows = []
    for name, count in _leading(_count_by_type(snapshot, new), _bytes_by_type(snapshot, new)):
        nodes = heap.nodes_of_type(name)
        looked_at, found = _patterns(heap, nodes[new[nodes]])
        for pattern, (share, node, example) in found.items():
            rows.append(HolderChange(name, pattern, round(count * share / looked_at), looked_at, example, node))
    return tuple(sorted(rows, key=lambda one: (-one.new, one.type, one.pattern)))


def _leading(counts: Counter[str], sizes: Counter[str]) -> list[tuple[str, int]]:
    """Types of a program's own first: a new str or int is seldom the question, and mostly goes with another."""
    names = sorted(counts, key=lambda name: ("." not in name.removeprefix("builtins."), -sizes[name], name))
    return [(name, counts[name]) for name in names if counts[name]][:_LEADING]


def _patterns(heap: Heap, nodes: npt.NDArray[np.int64]) -> tuple[int, _Found]:
    stride = max(1, len(nodes) // _LOOKED_AT)
    sample = nodes[::stride][:_LOOKED_AT].tolist()
    found: _Found = {}
    for node in sample:
        path = heap.path(node)
        if path is not None and path.root.kind is RootKind.OURS:
            continue  # it came with the taking of the snapshot itself
        pattern = path.pattern if path is not None else _NOBODY
        count, first, example = found.get(pattern, (0, node, path.expression if path is not None else ""))
        found[pattern] = (count + 1, first, example)
    return len(sample), found


def _of_several(files: Sequence[str], snapshots: Sequence[Snapshot]) -> HeapChange:
    first, last = snapshots[0], snapshots[-1]
    before, after = _count_by_type(first), _count_by_type(last)
    everything = [np.ones(len(one), np.bool_) for one in (first, last)]
    size_before, size_after = _bytes_by_type(first, everything[0]), _bytes_by_type(last, everything[1])
    rows = [
        TypeChange(name, before[name], after[name], 0, 0, size_after[name] - size_before[name])
        for name in {*before, *after}
        if before[name] != after[name]
    ]
    types = tuple(sorted(rows, key=lambda one: (-abs(one.bytes), -abs(one.after - one.before), one.type)))
    return HeapChange(
        files=tuple(files),
        same_process=False,
        by_stamps=False,
        objects=tuple(len(one) - 1 for one in snapshots),
        bytes=tuple(int(one.sizes().sum()) for one in snapshots),
        new=0,
        new_bytes=0,
        gone=0,
        types=types,
        holders=_holders_of_both(first, last, types),
    )


def _holders_of_both(first: Snapshot, last: Snapshot, types: Sequence[TypeChange]) -> tuple[HolderChange, ...]:
    """Patterns of the types that grew most, with estimated counts then and now."""
    heaps = Heap(first), Heap(last)
    grown = Counter({one.type: one.after - one.before for one in types if one.after > one.before})
    rows = []
    for name, _ in _leading(grown, grown):
        (seen_then, then), (seen_now, now) = (_patterns(heap, heap.nodes_of_type(name)) for heap in heaps)
        totals = [len(heap.nodes_of_type(name)) for heap in heaps]
        for pattern, (count, node, example) in now.items():
            was = then.get(pattern, (0, 0, ""))[0]
            before = round(totals[0] * was / seen_then) if seen_then else 0
            after = round(totals[1] * count / seen_now)
            rows.append(HolderChange(name, pattern, 0, seen_now, example, node, before, after))
    return tuple(sorted(rows, key=lambda one: (one.before - one.after, one.type, one.pattern)))
