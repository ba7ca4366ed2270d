"""AddressSanitizer's names of errors, and ours."""

from __future__ import annotations

_BY_WORD = (
    ("attempting double-free", "double-free"),
    ("attempting free on address which was not malloc", "invalid-free"),
    ("alloc-dealloc-mismatch", "mismatched-deallocator"),
    ("new-delete-type-mismatch", "mismatched-deallocator"),
    ("heap-use-after-free", "use-after-free"),
    ("stack-use-after-return", "use-after-free"),
    ("stack-use-after-scope", "use-after-free"),
    ("use-after-poison", "use-after-free"),
    ("buffer-overflow", "out-of-bounds"),
    ("buffer-underflow", "out-of-bounds"),
    ("container-overflow", "out-of-bounds"),
    ("negative-size-param", "out-of-bounds"),
    ("memcpy-param-overlap", "overlap"),
    ("SEGV", "crash"),
    ("stack-overflow", "crash"),
    ("allocation-size-too-big", "bad-allocation"),
    ("calloc-overflow", "bad-allocation"),
    ("out-of-memory", "bad-allocation"),
)


def broken_kind(headline: str) -> str:
    """Our slug for the kind of error that the headline names; "error" for one that is not known."""
    return next((kind for word, kind in _BY_WORD if word in headline), "error")
