"""Whose code native code is, by where its file lies."""

from __future__ import annotations

import pytest

from outlive.explain.native.whose import is_c_library, owner_of
from outlive.model.explanation import OwnerKind


@pytest.mark.parametrize(
    ("module", "kind", "name"),
    [
        ("/home/me/app/server", OwnerKind.YOURS, "server"),
        ("/home/me/app/plugins/libmine.so", OwnerKind.YOURS, "libmine"),
        ("/home/me/other/libours.so.2", OwnerKind.YOURS, "libours"),
        ("/usr/lib/x86_64-linux-gnu/libdbus-1.so.3.32.4", OwnerKind.SYSTEM, "libdbus-1"),
        ("/lib64/libssl.so.3", OwnerKind.SYSTEM, "libssl"),
        ("/usr/local/lib/libraylib.so.5", OwnerKind.LIBRARY, "libraylib"),
        ("/v/lib/python3.12/site-packages/lxml/etree.so", OwnerKind.LIBRARY, "lxml"),
        ("/usr/lib/libpython3.11.so.1.0", OwnerKind.INTERPRETER, "libpython3.11"),
        ("", OwnerKind.UNKNOWN, ""),
    ],
)
def test_a_module_belongs_to_whom_its_path_says(module: str, kind: OwnerKind, name: str):
    owner = owner_of(module, "/home/me/app/server")
    assert (owner.kind, owner.name) == (kind, name)


def test_a_program_in_a_system_folder_is_the_program_all_the_same():
    assert owner_of("/usr/bin/ls", "/usr/bin/ls").kind is OwnerKind.YOURS
    assert owner_of("/usr/bin/ls", "").kind is OwnerKind.SYSTEM


def test_only_the_c_and_cpp_libraries_do_as_they_are_told():
    assert is_c_library("/lib/x86_64-linux-gnu/libc.so.6")
    assert is_c_library("/usr/lib/libstdc++.so.6.0.30")
    assert not is_c_library("/usr/lib/libcurl.so.4")
    assert not is_c_library("/home/me/libc.so")
