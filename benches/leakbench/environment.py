"""Environments for the cases: finds interpreters, builds Outlive once per interpreter, installs what a case needs.

Everything lies in one cache folder and is keyed by content, so that a second run only runs the checks: a wheel by
the sources it was built from, an environment by its interpreter and its requirements.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("src", "native", "CMakeLists.txt", "pyproject.toml")


class CannotSetUp(Exception):
    """An environment could not be made; the text is its reason, one line."""


@dataclass(frozen=True)
class Cache:
    """The folder that holds wheels and environments."""

    folder: Path

    def environment(self, interpreter: Path, requirements: Path | None) -> Path:
        """The python of an environment with the requirements and this checkout's Outlive in it."""
        wheel = self.wheel(interpreter)
        wanted = requirements.read_text(encoding="utf-8") if requirements else ""
        key = hashlib.sha256(f"{interpreter}\n{wanted}".encode()).hexdigest()[:16]
        folder = self.folder / "environments" / key
        python, mark = folder / "bin" / "python", folder / "outlive-wheel.txt"
        if not mark.exists():
            shutil.rmtree(folder, ignore_errors=True)
            run([str(interpreter), "-m", "venv", str(folder)])
            pip(python, "install", str(wheel), *(["-r", str(requirements)] if requirements else []))
        elif mark.read_text(encoding="utf-8") != str(wheel):
            pip(python, "install", "--no-deps", "--force-reinstall", str(wheel))
        mark.write_text(str(wheel), encoding="utf-8")  # last: an interrupted set-up leaves no mark and is redone
        return python

    def wheel(self, interpreter: Path) -> Path:
        """Outlive built from this checkout for one interpreter."""
        tag = hashlib.sha256(str(interpreter).encode()).hexdigest()[:8]
        folder = self.folder / "wheels" / f"{tag}-{source_digest()}"
        built = sorted(folder.glob("outlive-*.whl"))
        if not built:
            # A build folder of its own: the checkout's may be in use by an editable install.
            build = f"build-dir={self.folder / 'build' / tag}"
            for outdated in folder.parent.glob(f"{tag}-*"):
                shutil.rmtree(outdated)
            pip(interpreter, "wheel", "--no-deps", "-w", str(folder), "--config-settings", build, str(ROOT))
            built = sorted(folder.glob("outlive-*.whl"))
        return built[0]


def find_interpreter(version: str, *, exact: bool) -> Path | None:
    """The CPython of that version from pyenv or PATH; another patch release of the same minor unless `exact`."""
    wanted = re.match(r"(\d+\.\d+)\.\d+", version)
    if wanted is None:
        return None
    minor = wanted[1]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [pyenv / wanted[0], *sorted(pyenv.glob(f"{minor}.*"), reverse=True)]
    pythons = [folder / "bin" / "python" for folder in candidates]
    on_path = shutil.which(f"python{minor}")
    pythons += [Path(on_path)] if on_path else []
    found = [(python, version_of(python)) for python in pythons if python.exists()]
    for python, found_version in found:
        if found_version == wanted[0]:
            return python
    near = [python for python, found_version in found if found_version.startswith(minor + ".")]
    return near[0] if near and not exact else None


def version_of(python: Path) -> str:
    """ "3.11.7", or "" when it cannot be run (a pyenv shim whose version is not active, say)."""
    ask = [str(python), "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip()


@functools.cache
def source_digest() -> str:
    """A hash of everything that a wheel is made from, as it was when first asked: one run judges one state."""
    digest = hashlib.sha256()
    for name in SOURCES:
        top = ROOT / name
        files = sorted(top.rglob("*")) if top.is_dir() else [top]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".so":
                digest.update(f"{file.relative_to(ROOT)}\n".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def pip(python: Path, *words: str) -> None:
    run([str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", *words])


def run(command: list[str]) -> None:
    """Run a set-up command; CannotSetUp with the last line it said when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise CannotSetUp(said[-1] if said else f"exit code {done.returncode} of {command[0]}")
