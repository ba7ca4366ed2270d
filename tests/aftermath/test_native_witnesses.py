"""What was written beside the looks gets names; where nothing was written there is nothing."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import pytest

from outlive.model.explanation import NativeFrame
from outlive.model.native_end import NativeCall
from outlive.native_witnesses import Seen, seen_in, with_names


class _Found(ctypes.Structure):
    _fields_ = (
        ("file", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("at", ctypes.c_void_p),
    )


@pytest.fixture(scope="module")
def place() -> NativeFrame:
    """Somewhere inside of a function that the C library exports."""
    library, found = ctypes.CDLL(None), _Found()
    address = ctypes.cast(library.qsort, ctypes.c_void_p).value or 0
    assert library.dladdr(ctypes.c_void_p(address), ctypes.byref(found))
    return NativeFrame(os.path.realpath(os.fsdecode(found.file)), address + 4 - (found.base or 0))


def test_a_folder_without_such_files_tells_nothing(tmp_path: Path) -> None:
    assert seen_in(tmp_path) == Seen()


def test_places_get_the_names_of_their_functions(place: NativeFrame) -> None:
    call = with_names(NativeCall((place,)))
    assert call.frames[-1].function in ("qsort", "__qsort")


def test_a_place_in_no_file_stays_a_place() -> None:
    (frame,) = with_names(NativeCall((NativeFrame("", 4096),))).frames
    assert (frame.function, frame.address, frame.certain) == ("", 4096, False)
