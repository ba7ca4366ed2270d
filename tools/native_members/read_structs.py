"""Runs inside gdb: writes every object struct that a library's debug information describes, as JSON.

    OUT=asyncio.json gdb -q -batch -nx …/_asyncio.cpython-312-x86_64-linux-gnu.so -x read_structs.py

An object struct begins with ob_refcnt, perhaps some structs deep. Of each: size and fields (offset, name, what it is).
"""

from __future__ import annotations

import json
import os
import re

import gdb  # type: ignore[import-not-found]

DEPTH_MAX = 6
TYPE_LINE = re.compile(r"\d+:\s+(?:typedef )?(struct \w+|(?:struct \{\.\.\.\}|struct \w+)\s+(\w+)|\w+);")


def names() -> set[str]:
    found = set()
    for line in gdb.execute("info types -q .", to_string=True).splitlines():
        match = TYPE_LINE.match(line.strip())
        if match:
            found.add(match.group(2) or match.group(1))
    return found


def is_object(struct, depth: int = 0) -> bool:
    struct = struct.strip_typedefs()
    if struct.code != gdb.TYPE_CODE_STRUCT:
        return False
    if struct.tag == "_object":
        return True
    fields = struct.fields()
    if not fields or getattr(fields[0], "bitpos", 1) != 0:
        return False
    return fields[0].name == "ob_refcnt" or (depth < DEPTH_MAX and is_object(fields[0].type, depth + 1))


def kind_of(kind) -> str:
    if kind.code == gdb.TYPE_CODE_PTR:
        return "object" if is_object(kind.target()) else "pointer"
    if kind.code == gdb.TYPE_CODE_ARRAY:
        low, high = kind.range()
        element = kind.target().strip_typedefs()
        if element.code == gdb.TYPE_CODE_PTR and is_object(element.target()):
            return f"objects:{high - low + 1}"
        return "array"
    return f"value:{kind.sizeof}"


def fields_of(struct, base: int = 0, prefix: str = "", depth: int = 0) -> list[tuple[int, str, str]]:
    found = []
    for field in struct.strip_typedefs().fields():
        if not hasattr(field, "bitpos"):
            continue
        name = ".".join(filter(None, (prefix, field.name)))
        offset, kind = base + field.bitpos // 8, field.type.strip_typedefs()
        if field.bitsize:
            found.append((offset, name, f"bits:{field.bitpos % 8}:{field.bitsize}"))
        elif kind.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION) and depth < DEPTH_MAX:
            found += fields_of(kind, offset, name, depth + 1)
        else:
            found.append((offset, name, kind_of(kind)))
    return found


def structs() -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for name in sorted(names()):
        try:
            struct = gdb.lookup_type(name)
            if is_object(struct):
                found[name] = {"size": struct.sizeof, "fields": fields_of(struct)}
        except gdb.error:
            continue  # a name that only another language or file knows
    return found


with open(os.environ["OUT"], "w", encoding="utf-8") as out:
    json.dump(structs(), out)
