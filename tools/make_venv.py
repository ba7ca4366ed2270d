"""Makes a virtual environment with pip in it, also where the system's Python came without `ensurepip`.

    python3 tools/make_venv.py .venv-test

Debian and its kin put `ensurepip` into a package of its own (python3-venv), and `python3 -m venv` then fails half
way. Where some pip or virtualenv is at hand, it can fill the environment instead; where none is, we say what to
install. Does nothing when the environment is there already and runs this same Python.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import venv
from pathlib import Path

OLDEST = (3, 10)


def main(folder: Path) -> int:
    if sys.version_info < OLDEST:
        return refuse(f"this is Python {sys.version.split()[0]}; Outlive needs 3.10 or later: make PYTHON=python3.12 …")
    if is_ready(folder):
        return 0
    if folder.exists():
        shutil.rmtree(folder)
    if importlib.util.find_spec("ensurepip"):
        venv.create(folder, with_pip=True)
    elif importlib.util.find_spec("virtualenv"):
        subprocess.run([sys.executable, "-m", "virtualenv", "--quiet", str(folder)], check=True)
    elif importlib.util.find_spec("pip"):
        venv.create(folder, with_pip=False)
        python = folder / "bin" / "python"
        subprocess.run([sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "pip"], check=True)
    else:
        return refuse(
            "this Python has neither ensurepip, virtualenv nor pip: apt-get install python3-venv, or its like"
        )
    return 0


def is_ready(folder: Path) -> bool:
    """Whether the environment exists, has pip, and runs the Python that runs us."""
    python = folder / "bin" / "python"
    if not python.exists():
        return False
    ask = "import pip, sys; print(sys.version)"
    answer = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=False)
    return answer.returncode == 0 and answer.stdout.strip() == sys.version.strip()


def refuse(why: str) -> int:
    print(f"make_venv: {why}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
