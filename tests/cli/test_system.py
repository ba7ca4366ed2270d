"""Systems that Outlive does not know are refused in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outlive.cli.system import System, refuse_unknown, this_system
from outlive.errors import UnsupportedSystem

KNOWN = System(platform="linux", implementation="cpython", machine="x86_64", version=(3, 12))


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("version", [(3, 10), (3, 11), (3, 12), (3, 13)])
def test_known_systems_are_let_through(machine: str, version: tuple[int, int]) -> None:
    refuse_unknown(replace(KNOWN, machine=machine, version=version))


@pytest.mark.parametrize(
    ("system", "word"),
    [
        (replace(KNOWN, platform="darwin"), "darwin"),
        (replace(KNOWN, platform="win32"), "win32"),
        (replace(KNOWN, machine="riscv64"), "riscv64"),
        (replace(KNOWN, implementation="pypy"), "pypy 3.12"),
        (replace(KNOWN, version=(3, 9)), "cpython 3.9"),
        (replace(KNOWN, version=(3, 13), free_threaded=True), "free-threaded"),
    ],
)
def test_unknown_system_is_refused_by_name_with_the_reason(system: System, word: str) -> None:
    with pytest.raises(UnsupportedSystem) as refusal:
        refuse_unknown(system)
    assert word in refusal.value.what
    assert refusal.value.why


def test_the_system_of_these_tests_is_known() -> None:
    refuse_unknown(this_system())
