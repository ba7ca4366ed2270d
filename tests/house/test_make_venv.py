"""`make` must come to a working environment also where Python came without ensurepip."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "make_venv.py"


def make_venv(folder: Path, *, without: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run the script in a Python that finds none of the modules in `without`."""
    hide = (
        "import importlib.util, runpy, sys\n"
        f"find, hidden = importlib.util.find_spec, {without!r}\n"
        "importlib.util.find_spec = lambda name, *rest: None if name in hidden else find(name, *rest)\n"
        f"sys.argv = ['make_venv', {str(folder)!r}]\n"
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')\n"
    )
    return subprocess.run([sys.executable, "-c", hide], capture_output=True, text=True, timeout=300)


def has_pip(folder: Path) -> bool:
    ask = [str(folder / "bin" / "python"), "-m", "pip", "--version"]
    return subprocess.run(ask, capture_output=True).returncode == 0


@pytest.mark.any_python
@pytest.mark.slow
def test_environment_is_made_with_pip_and_left_alone_the_second_time(tmp_path: Path) -> None:
    folder = tmp_path / "venv"
    assert make_venv(folder).returncode == 0
    assert has_pip(folder)
    (folder / "mark").touch()
    assert make_venv(folder).returncode == 0
    assert (folder / "mark").exists()


def test_without_any_way_to_pip_it_says_what_to_install(tmp_path: Path) -> None:
    done = make_venv(tmp_path / "venv", without=("ensurepip", "virtualenv", "pip"))
    assert done.returncode == 1
    assert "apt-get install python3-venv" in done.stderr
    assert not (tmp_path / "venv").exists()
