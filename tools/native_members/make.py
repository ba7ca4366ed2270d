"""Makes native/walk/members_3XX.h: python tools/native_members/make.py PYTHON… (interpreters built with -g; needs gdb)

The structs of C types are private to CPython's .c files. Nobody restates them by hand here: their offsets come from
the debug information of the very interpreter, what each field *means* from spec.txt. tests/capture/test_members.py
proves every name on the running version.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WALK = HERE.parents[1] / "native" / "walk"
Structs = dict[str, list[dict[str, Any]]]
NOT_HELD = ("weakref", "in_weakreflist", "_weaklist")  # borrowed by nature
OBJECT_HEAD = 16


def ask(python: str, code: str) -> str:
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def libraries(python: str) -> Iterator[Path]:
    where = "s.get_config_var('LIBDIR'), s.get_config_var('INSTSONAME'), s.get_path('platstdlib')"
    folder, name, standard = ask(python, f"import sysconfig as s; print({where})").split()
    yield Path(folder, name)
    for path in sorted(Path(standard, "lib-dynload").glob("*.so")):
        if not path.name.startswith(("_test", "xx", "_xxtest", "_ctypes_test", "_codecs")):
            yield path


def read_structs(python: str) -> Structs:
    found: Structs = {}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "structs.json")
        for library in libraries(python):
            gdb = ["gdb", "-q", "-batch", "-nx", "-iex", "set auto-load off", "-iex", "set debuginfod enabled off"]
            command = [*gdb, str(library), "-x", str(HERE / "read_structs.py")]
            subprocess.run(command, check=True, env={**os.environ, "OUT": str(out)}, capture_output=True)
            for name, struct in json.loads(out.read_text()).items():
                same = found.setdefault(name.removeprefix("struct "), [])
                if struct not in same:
                    same.append(struct)
    return found


def read_types(python: str) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "types.json")
        subprocess.run([python, str(HERE / "read_types.py"), str(out)], check=True, capture_output=True)
        return dict(json.loads(out.read_text()))


def struct_for(structs: Structs, names: str, basic: int) -> dict[str, Any] | None:
    """The struct of this name whose size is the type's; of variable-sized ones the only one there is."""
    for name in names.split("|"):
        known = structs.get(name.strip().removeprefix("struct "), [])
        for struct in known:
            if struct["size"] == basic:
                return struct
        if len(known) == 1:
            return known[0]
    return None


def split_names(text: str) -> dict[str, str]:
    """`a=b c d=<e f>` as {a: b, c: c, d: <e f>}."""
    found: dict[str, str] = {}
    last = ""
    for word in text.split():
        if last and found[last].startswith("<") and not found[last].endswith(">"):
            found[last] += " " + word
            continue
        last, _, name = word.partition("=")
        found[last] = name or last
    return found


def members(struct: dict[str, Any], meaning: dict[str, str], basic: int) -> list[tuple[int, str]]:
    rows = []
    for offset, field, kind in struct["fields"]:
        name = meaning.get(field) or (field.split(".")[-1] if "*" in meaning else None)
        if name is None or not OBJECT_HEAD <= offset < basic or any(part in field for part in NOT_HELD):
            continue
        many = int(kind.partition(":")[2]) if kind.startswith("objects:") else 1
        if kind in ("object", "pointer") or many > 1:
            rows += [(offset + 8 * k, name) for k in range(many)]
    return sorted(set(rows))


def state_fields(struct: dict[str, Any], names: str) -> list[str]:
    at = {field: (offset, kind) for offset, field, kind in struct["fields"]}
    found = []
    for name in names.split():
        if name not in at:
            found.append("{0, 0, 0}")
            continue
        offset, kind = at[name]
        what, _, detail = kind.partition(":")
        if what == "bits":
            found.append(f"{{{offset}, 1, {((1 << int(detail.split(':')[1])) - 1) << int(detail.split(':')[0])}}}")
        else:
            found.append(f"{{{offset}, {detail if what == 'value' else 8}, 0}}")
    return found


def rows_of(structs: Structs, types: dict[str, int], version: str) -> tuple[list[str], list[str]]:
    member_rows: dict[str, str] = {}
    state_rows: dict[str, str] = {}
    for line in (HERE / "spec.txt").read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("+"):
            wanted, kind, offsets = re.fullmatch(r"\+(\S+) (.*?): (.*)", line).groups()  # type: ignore[union-attr]
            if wanted == version and kind in types:
                member_rows[kind] = f'    {{"{kind}", {types[kind]}, "{offsets}"}},'
            continue
        kinds, struct_names, rest = (part.strip() for part in line.removeprefix("@").split(":", 2))
        for kind in kinds.split("|"):
            struct = struct_for(structs, struct_names, types[kind]) if kind in types else None
            if struct is None:
                print(f"  {kind}: {'no such type' if kind not in types else 'struct not found'}", file=sys.stderr)
            elif line.startswith("@"):
                reading, _, fields = rest.partition(":")
                placed = state_fields(struct, fields)
                if not placed[0].startswith("{0,"):
                    where = ", ".join(placed)
                    state_rows[kind] = f'    {{"{kind}", {types[kind]}, OL_READ_{reading.strip()}, {{{where}}}}},'
            else:
                found = ",".join(f"{offset} {name}" for offset, name in members(struct, split_names(rest), types[kind]))
                if found:
                    member_rows[kind] = f'    {{"{kind}", {types[kind]}, "{found}"}},'
    # Sorted as strcmp sorts: they are searched by halves.
    return [member_rows[k] for k in sorted(member_rows)], [state_rows[k] for k in sorted(state_rows)]


def write(python: str) -> Path:
    version = ask(python, "import sys; print('%d.%d.%d' % sys.version_info[:3])")
    major, minor = version.split(".")[:2]
    member_rows, state_rows = rows_of(read_structs(python), read_types(python), f"{major}.{minor}")
    path = WALK / f"members_{major}{minor}.h"
    text = [
        f"/* Made by tools/native_members/make.py from the debug information of CPython {version}: edit its spec.txt.",
        " * A row holds only for a type of this very size. */",
        "/* clang-format off */",
        "static const ol_native_members native_members[] = {",
        *member_rows,
        "};",
        "static const ol_native_state native_states[] = {",
        *state_rows,
        "};",
        "/* clang-format on */",
    ]
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    for interpreter in sys.argv[1:]:
        print(write(interpreter))
