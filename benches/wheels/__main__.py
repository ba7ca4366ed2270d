"""Does importing popular wheels lose a block? python -m benches.wheels PYTHON [PYTHON ...]

Each PYTHON is an interpreter of the version that runs this, in whose environment the wheels are installed that are to
be tried; those that are not there are left out. Each is imported in a process of its own under the recorder and looked
at twice; 20 blocks are lost there on purpose, and 20 kept. Right is: the lost ones found (stale words may hold a few),
and nothing else. `--end` prints what the look at the end of the process says as well, when the interpreter has torn
itself down.

Known and true: PyO3 (cryptography, pydantic-core) gives CPython an array of PyMemberDef for each class with plain
fields, which PyType_FromSpec copies and nobody frees.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from outlive.capture.blocks import BlockLook, load_blocks
from outlive.capture.blocks_preload import block_environment
from outlive.capture.blocks_twice import lost_blocks
from outlive.model.native_blocks import LostBlocks
from outlive.symbols.places import place

CHILD = Path(__file__).with_name("imported.py")
LOST, HELD, PLANTED = 4337, 4327, 20
NAMES_SHOWN = 160
WHEELS = (
    "pass", "numpy", "pandas", "lxml.etree", "cryptography.hazmat.bindings._rust", "pydantic", "orjson", "msgpack",
    "aiohttp", "yarl", "multidict", "frozenlist", "psutil", "PIL.Image", "scipy.sparse", "greenlet", "gevent", "uvloop",
    "sqlalchemy", "grpc", "google.protobuf.message", "zstandard", "lz4.frame", "yaml", "ujson", "regex", "rpds",
    "websockets", "httptools", "markupsafe", "cffi", "bcrypt", "zmq", "setproctitle",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    wheel: str
    planted: int
    held_accused: int
    false: tuple[LostBlocks, ...]
    end: tuple[LostBlocks, ...]
    blocks: int
    refused: str = ""


def tried(python: str, wheel: str) -> Row | None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = block_environment({**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, folder=folder)
        words = [python, str(CHILD), name, wheel]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300)
        if "ModuleNotFoundError" in done.stderr:
            return None
        if done.returncode != 0:
            return Row(wheel, 0, 0, (), (), 0, (done.stderr.strip().splitlines() or ["died"])[-1])
        first, second = load_blocks(folder / "look1"), load_blocks(folder / "look2")
        groups = lost_blocks(first, second)
        planted = sum(group.count for group in groups if group.bytes == LOST * group.count)
        accused = sum(group.count for group in groups if group.bytes == HELD * group.count)
        false = tuple(group for group in groups if group.bytes not in (LOST * group.count, HELD * group.count))
        return Row(wheel, planted, accused, false, _end(folder), len(second.address))


def _end(folder: Path) -> tuple[LostBlocks, ...]:
    look = _last(folder)
    return () if look is None else tuple(g for g in lost_blocks(look, look) if g.bytes != LOST * g.count)


def _last(folder: Path) -> BlockLook | None:
    looks = [load_blocks(path) for path in folder.glob("blocks-*.outlive")]
    return looks[-1] if looks else None


def shown(group: LostBlocks) -> str:
    places = (place(frame.module.path, frame.offset - 1) for frame in group.stack[:5] if frame.module)
    names = " < ".join(f"{found.function or '?'} ({Path(found.module).name})" for found in places)
    line = f"; {group.lines[0].file}:{group.lines[0].line}" if group.lines else ""
    names = names if len(names) < NAMES_SHOWN else f"{names[:NAMES_SHOWN]}…"
    return f"{group.count} ({group.kind.name}), {group.bytes} B, and {group.under_count} under them: {names}{line}"


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m benches.wheels", description="Is a block lost in an import?")
    asked.add_argument("pythons", nargs="*", default=[sys.executable])
    asked.add_argument("--only", default="", help="wheels, by comma")
    asked.add_argument("--end", action="store_true", help="what the look at the end says, too")
    args = asked.parse_args()
    wrong = 0
    for python in args.pythons:
        rows = [tried(python, wheel) for wheel in (args.only.split(",") if args.only else WHEELS)]
        for row in filter(None, rows):
            wrong += _told(row, args.end)
        done = [row for row in rows if row is not None and not row.refused]
        silent, missing = sum(not row.false for row in done), sum(row is None for row in rows)
        print(f"{python}: {silent} of {len(done)} silent, {missing} not installed", flush=True)
    return 1 if wrong else 0


def _told(row: Row, end: bool) -> bool:
    wrong = bool(row.false or row.held_accused or row.refused or row.planted < PLANTED - 2)
    ended = f"; end: {sum(g.count for g in row.end)}" if end else ""
    print(
        f"  {row.wheel:36}{row.blocks:8} blocks, planted {row.planted} of {PLANTED}, "
        f"false {sum(group.count for group in row.false)}{ended} {row.refused}".rstrip(),
        flush=True,
    )
    for group in (*row.false, *(row.end if end else ())):
        print(f"      {'' if group.certain else 'not certain: '}{shown(group)}")
    return wrong


if __name__ == "__main__":
    raise SystemExit(main())
