"""How much of a large process' references a snapshot explains: python -m benches.snapshot.explained [MODULE …]

Imports the modules (default: numpy and pandas, as far as they are installed) and prints the snapshot's self-check.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile

import outlive


def main(names: list[str]) -> int:
    loaded = []
    for name in names or ["numpy", "pandas"]:
        try:
            importlib.import_module(name)
            loaded.append(name)
        except ImportError:
            print(f"{name} is not installed here", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        check = outlive.snapshot(os.path.join(folder, "heap.outlive"))
    print(f"CPython {sys.version.split()[0]} with {', '.join(loaded) or 'nothing'} loaded: {check}")
    return 0 if check.fewer == 0 else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
