"""Memcheck's names of errors, and ours. The same table serves its XML and its text."""

from __future__ import annotations

from outlive.model.imported import Loss

LOSSES = {
    "Leak_DefinitelyLost": Loss.DEFINITE,
    "Leak_IndirectlyLost": Loss.INDIRECT,
    "Leak_PossiblyLost": Loss.POSSIBLE,
    "Leak_StillReachable": Loss.REACHABLE,
}
_KINDS = {
    "InvalidFree": "invalid-free",
    "MismatchedFree": "mismatched-deallocator",
    "MismatchedAllocateDeallocateSize": "mismatched-deallocator",
    "MismatchedAllocateDeallocateAlignment": "mismatched-deallocator",
    "InvalidRead": "out-of-bounds",
    "InvalidWrite": "out-of-bounds",
    "InvalidJump": "crash",
    "InvalidMemPool": "invalid-free",
    "UninitValue": "uninitialised",
    "UninitCondition": "uninitialised",
    "SyscallParam": "uninitialised",
    "ClientCheck": "error",
    "Overlap": "overlap",
    "FishyValue": "bad-allocation",
    "ReallocSizeZero": "bad-allocation",
    "InvalidSizeAndAlignment": "bad-allocation",
    "InvalidAlignment": "bad-allocation",
    "InvalidSize": "bad-allocation",
    "FdBadClose": "fd-double-close",
    "FdBadUse": "fd-bad-use",
    "FdNotClosed": "fd-not-closed",
}


def kind_of(name: str, addresses: str) -> str:
    """Our slug. What `addresses` (the sentences on the block) say decides whether a bad access came after a free."""
    kind = _KINDS.get(name, "error")
    if "free'd" in addresses:
        return {"invalid-free": "double-free", "out-of-bounds": "use-after-free"}.get(kind, kind)
    return kind


def role_of(sentence: str) -> str:
    """What happened at the stack that follows this sentence."""
    for word, role in (
        ("alloc'd", "allocated"),
        ("created by a", "allocated"),
        ("free'd", "freed"),
        ("closed at", "closed"),
        ("previously", "closed"),
        ("opened", "opened"),
        ("originally", "opened"),
        ("created at", "opened"),
    ):
        if word in sentence:
            return role
    return "also"
