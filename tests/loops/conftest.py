"""Small C programs on libuv, run under the recorder."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from outlive.capture.blocks_preload import block_environment

PROGRAMS = Path(__file__).parent / "programs"
LIMIT_S = 60


def _flags_of_libuv() -> list[str]:
    """Skips where libuv's headers are not installed."""
    if shutil.which("cc") is None or shutil.which("pkg-config") is None:
        pytest.skip("no C compiler or no pkg-config here")
    told = subprocess.run(["pkg-config", "--cflags", "--libs", "libuv"], capture_output=True, text=True)
    if told.returncode != 0:
        pytest.skip("libuv's headers are not installed: apt-get install libuv1-dev")
    return told.stdout.split()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs `handles` and `loader`, and the library `plugin.so`."""
    folder, libuv = tmp_path_factory.mktemp("loops"), _flags_of_libuv()
    for name, options in (("handles", libuv), ("loader", ["-ldl"]), ("plugin.so", ["-shared", "-fPIC", *libuv])):
        source = PROGRAMS / f"{name.removesuffix('.so')}.c"
        subprocess.run(["cc", "-O1", "-g", "-o", folder / name, source, *options], check=True, timeout=LIMIT_S)
    return folder


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def recorded() -> Run:
    def run(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
        environment = block_environment(os.environ, folder=folder)
        command = [str(word) for word in words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT_S)

    return run
