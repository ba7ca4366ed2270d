"""Looks at the native memory of the child: asked where the recorder of native blocks was loaded into it.

Answers the parent's questions; recorder and scan are the core's, and speak through the C library's name space. Controls
come first: blocks that are lost on purpose, which a look must see, and one that is held, which it must not call lost.
What the scenario starts from here on is not recorded.
"""

from __future__ import annotations

import os

from outlive.trial import stamping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from outlive.trial.inside import Inside

LOST_BLOCKS, LOST_BYTES, HELD_BYTES = 8, 24, 40
_RECORDER = "_blocks.so"
_held: list[Any] = []


def begin(payload: dict[str, Any], inside: Inside) -> dict[str, Any]:
    """Plant the controls and tell the recorder of each step from here on; `why` says what hinders, "" if nothing does.

    Steps have the numbers that stamps give them.
    """
    _spare_children()
    try:
        import ctypes
    except ImportError as error:
        return {"why": f"this Python has no ctypes: {error}"}
    program = ctypes.PyDLL(None)
    if not hasattr(program, "outlive_blocks_mode") or not program.outlive_blocks_mode():
        return {"why": "the recorder of native blocks was not loaded into this process"}
    told = program.outlive_blocks_step
    told.argtypes, told.restype = (ctypes.c_uint64,), None
    stamping.tick = told
    told(stamping.BETWEEN)
    _plant(ctypes, program)
    return {"why": ""}


def look(payload: dict[str, Any], inside: Inside) -> dict[str, Any]:
    """One look, into the file that the parent names; `why` says why there is none.

    The interpreter's lock is kept while the process is copied, so that no other thread of Python is in the midst of
    anything, and let go while the copy is read.
    """
    import ctypes

    take = ctypes.PyDLL(None).outlive_blocks_look
    take.argtypes, take.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_int
    failed = take(os.fsencode(payload["path"]), 1)
    if failed:
        return {"why": f"the process could not be copied: {os.strerror(failed)}"}
    return {"why": "the copy of the process could not be read" if ctypes.CDLL(None).outlive_blocks_wait() else ""}


def _plant(ctypes: Any, program: Any) -> None:
    malloc = program.malloc
    malloc.argtypes, malloc.restype = (ctypes.c_size_t,), ctypes.c_void_p
    for _ in range(LOST_BLOCKS):
        malloc(LOST_BYTES)
    _held.append(ctypes.c_void_p(malloc(HELD_BYTES)))


def _spare_children() -> None:
    """Without the recorder in the environment: it is this process that is asked about."""
    loaded = [name for name in os.environ.get("LD_PRELOAD", "").split(":") if not name.endswith(_RECORDER)]
    for name in ("OUTLIVE_BLOCKS", "LD_PRELOAD"):
        os.environ.pop(name, None)
    if any(loaded):
        os.environ["LD_PRELOAD"] = ":".join(loaded)
