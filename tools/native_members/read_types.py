"""Every C type of the standard library with its instances' size: python read_types.py OUT.json

Named as a snapshot names them. A class made by a class statement is no C type and is left out.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import sys
import warnings

HEAP_TYPE = 1 << 9
NAME_OFFSET, DEALLOC_OFFSET = 24, 48  # of tp_name and tp_dealloc in a type object


class MadeByStatement: ...


def word(kind: type, offset: int) -> int | None:
    return ctypes.c_void_p.from_address(id(kind) + offset).value


def snapshot_name(kind: type) -> str:
    if not kind.__flags__ & HEAP_TYPE:
        return (ctypes.c_char_p.from_address(id(kind) + NAME_OFFSET).value or b"").decode()
    module = type.__dict__["__module__"].__get__(kind)
    name = type.__dict__["__qualname__"].__get__(kind)
    return name if module == "builtins" or not isinstance(module, str) else f"{module}.{name}"


def all_types() -> set[type]:
    found: set[type] = set()
    todo: list[type] = [object, *map(type, gc.get_objects())]
    todo += [one for one in gc.get_objects() if isinstance(one, type)]
    while todo:
        kind = todo.pop()
        if kind not in found:
            found.add(kind)
            todo += type.__subclasses__(kind)
    return found


def import_everything() -> None:
    folder = next(path for path in sys.path if path.endswith("lib-dynload"))
    names = {name.split(".")[0] for name in os.listdir(folder)} | set(sys.builtin_module_names)
    for name in sorted(names | {"asyncio", "typing", "ssl", "xml.etree.ElementTree", "zoneinfo", "decimal"}):
        if not name.startswith(("_test", "xx", "_xxtest", "_ctypes_test")):
            try:
                importlib.import_module(name)
            except ImportError as error:
                print(f"{name}: {error}", file=sys.stderr)


def main(out: str) -> None:
    warnings.simplefilter("ignore")
    import_everything()
    by_statement = word(MadeByStatement, DEALLOC_OFFSET)
    kinds = [kind for kind in all_types() if word(kind, DEALLOC_OFFSET) != by_statement]
    with open(out, "w", encoding="utf-8") as file:
        json.dump({snapshot_name(kind): kind.__basicsize__ for kind in kinds}, file)


if __name__ == "__main__":
    main(sys.argv[1])
