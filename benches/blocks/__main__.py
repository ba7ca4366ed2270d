"""What recording native blocks costs, beside other tools, on one program in one run: python -m benches.blocks

Seconds of processor, of all threads; each way in turn, several rounds, and its best counts: what else runs on the
machine makes a run slower, never faster.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from outlive.capture.blocks_preload import block_environment

WORKLOAD = Path(__file__).with_name("workload.py")
ROUNDS, TIMES = 1000, 3


def seconds(command: list[str], environment: dict[str, str]) -> float:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=True)
    return next(float(line) for line in done.stdout.splitlines() if line.replace(".", "", 1).isdigit())


def lsan() -> str | None:
    compiler = shutil.which("gcc")
    if compiler is None:
        return None
    found = subprocess.run([compiler, "-print-file-name=liblsan.so"], capture_output=True, text=True, check=True)
    path = found.stdout.strip()
    return path if os.path.isabs(path) else None


def ways(folder: str) -> dict[str, tuple[list[str], dict[str, str]]]:
    plain = [sys.executable, str(WORKLOAD), str(ROUNDS)]
    here = dict(os.environ)
    known = {
        "no preload": (plain, here),
        "recorder, off": (plain, {**block_environment(here), "OUTLIVE_BLOCKS": "off"}),
        "recorder, exact": (plain, block_environment(here)),
        "recorder, sampled (512 KiB)": (plain, block_environment(here, mode="sampled")),
        "tracemalloc, 1 frame": ([sys.executable, "-X", "tracemalloc=1", *plain[1:]], here),
    }
    library = lsan()
    if library is not None:
        quiet = {"LD_PRELOAD": library, "LSAN_OPTIONS": "detect_leaks=0"}
        known["LeakSanitizer, preloaded"] = (plain, {**here, **quiet})
    if shutil.which("heaptrack"):
        known["heaptrack"] = (["heaptrack", "-o", f"{folder}/heaptrack", *plain], here)
    try:
        import memray  # type: ignore[import-not-found]  # noqa: F401
    except ImportError:
        return known
    output = ["-m", "memray", "run", "-q", "-f", "-o", f"{folder}/memray"]
    known["memray"] = ([sys.executable, *output, *plain[1:]], here)
    known["memray --native"] = ([sys.executable, *output, "--native", *plain[1:]], here)
    return known


def table_of(folder: str, extra: dict[str, str]) -> None:
    table = ways(folder)
    found: dict[str, list[float]] = {name: [] for name in table}
    for _ in range(TIMES):
        for name, (command, environment) in table.items():
            found[name].append(seconds(command, {**environment, **extra}))
    best = {name: min(values) for name, values in found.items()}
    for name, value in best.items():
        print(f"  {name:30} {value:7.2f} s  {value / best['no preload']:6.2f}x", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print("Python's own allocator in front of malloc, as always:")
        table_of(folder, {})
        print("every object from malloc (PYTHONMALLOC=malloc), the worst there is:")
        table_of(folder, {"PYTHONMALLOC": "malloc"})


if __name__ == "__main__":
    main()
