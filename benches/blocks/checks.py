"""What the second run of `outlive check`, which looks at native memory, adds to the check: a table, one row a scenario.

    python -m benches.blocks.checks

Both parts are timed in one process, one after the other, with the settings that the command has by default.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from outlive.native_inquiry import Wanted, look_at_native_memory
from outlive.session import CheckSettings, check
from outlive.trial.options import TrialOptions

_LOSES = """
import ctypes
malloc = ctypes.CDLL(None).malloc
malloc.argtypes = [ctypes.c_size_t]
def step(i):
    malloc(64)
"""
SCENARIOS = {
    "nothing": "def step(i): pass\n",
    "json, re, zlib": """
import json, re, zlib
def step(i):
    json.loads(json.dumps({"a": [1, 2, i]}))
    re.sub("a+", "b", "caat" * 20)
    zlib.decompress(zlib.compress(b"x" * 10000))
""",
    "sqlite3": """
import sqlite3
def step(i):
    with sqlite3.connect(":memory:") as db:
        db.execute("create table t (a, b)")
        db.executemany("insert into t values (?, ?)", [(n, "x" * 50) for n in range(100)])
        db.execute("select * from t order by b").fetchall()
    db.close()
""",
    "asyncio": """
import asyncio
async def work():
    await asyncio.sleep(0)
    return b"x" * 3000
async def step(i):
    await asyncio.gather(*[work() for _ in range(10)])
""",
    "numpy": """
import numpy as np
def step(i):
    np.sort(np.arange(10000 + i % 7)[::-1].astype(float)).tobytes()
    square = np.arange(900.0).reshape(30, 30)
    (square @ square).sum()
""",
    "loses 64 B a step": _LOSES,
}


def main() -> None:
    print("| scenario | check | and native | added | looks' verdict |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, code) in enumerate(SCENARIOS.items()):
            file = Path(folder, f"scenario_{number}.py")
            file.write_text(code)
            began = time.monotonic()
            result = check(str(file), CheckSettings(native=False))
            counted = time.monotonic() - began
            told = look_at_native_memory(result, str(file), TrialOptions(), Wanted(anyhow=False))
            added = time.monotonic() - began - counted
            print(f"| {name} | {counted:.1f} s | {added:.2f} s | {added / counted:.1%} | {told.verdict.value} |")


if __name__ == "__main__":
    main()
