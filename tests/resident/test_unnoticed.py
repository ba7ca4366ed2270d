"""A watched program cannot tell that it is watched: what it sees of itself is what it sees without us."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Runs, command

INTROSPECTION = """\
import sys
names = sorted(name for name in sys.modules if name.partition(".")[0] != "outlive")
import __main__, json, multiprocessing, os, signal, subprocess, threading
def rows(places):
    return [place for place in places if "outlive" not in place]
seen = {
    "modules": names,
    "main": sorted(vars(__main__)),
    "name": [__name__, __file__, repr(__spec__), repr(__loader__).partition(" at ")[0]],
    "argv": [sys.argv, sys.orig_argv],
    "flags": [list(sys.flags), sys.warnoptions, sorted(sys._xoptions)],
    "path": sys.path,
    "caches": list(sys.path_importer_cache),
    "hooks": [repr(hook) for hook in (sys.excepthook, sys.unraisablehook, sys.displayhook, threading.excepthook)],
    "tracing": [sys.gettrace(), sys.getprofile()],
    "environment": list(os.environ.items()),
    "signals": [str(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
    "mask": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "threads": [thread.name for thread in threading.enumerate()],
    "lowest free descriptor": os.open(os.devnull, os.O_RDONLY),
    "streams": [sys.stdin.isatty(), sys.stdout.encoding, sys.stdout.line_buffering],
    "group": [os.getpgrp(), os.getsid(0), os.getcwd()],
    "os._exit": [os._exit.__name__, os._exit.__doc__, callable(os._exit)],
    "child": subprocess.run([sys.executable, "-c",
        "import os, sys; print(list(os.environ.items()), sys.path, sorted(sys.modules))"],
        capture_output=True, text=True).stdout,
    "limits": [sys.getrecursionlimit(), sys.getswitchinterval()],
}
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def twice(runs: Runs) -> tuple[dict[str, object], dict[str, object]]:
    """What the same program sees of itself without and with us."""
    words = [sys.executable, "-W", "error", "-X", "dev", str(runs.written(INTROSPECTION)), "--port", "1", ""]
    plain = runs.plain(words)
    watched = runs.watched(words)
    assert (plain.returncode, plain.stderr) == (watched.returncode, watched.stderr) == (0, "")
    assert watched.told.state == "watching"
    return json.loads(plain.stdout), json.loads(watched.stdout)


@pytest.mark.slow
def test_program_sees_of_itself_what_it_sees_without_us(twice) -> None:
    plain, watched = twice
    missing = set(plain["modules"]) ^ set(watched["modules"])  # type: ignore[call-overload]
    assert missing == set()
    differing = [name for name in plain if watched[name] != plain[name]]
    assert {name: watched[name] for name in differing} == {name: plain[name] for name in differing}


@pytest.mark.slow
@pytest.mark.parametrize("before", [None, "", "/nowhere", ":/nowhere:"])
def test_import_path_of_the_user_is_kept_whatever_it_was(runs: Runs, before: str | None) -> None:
    script = runs.written("import os, sys; print(os.environ.get('PYTHONPATH'), sys.path)")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if before is not None:
        environment["PYTHONPATH"] = before
    plain = subprocess.run(command(script), env=environment, capture_output=True, text=True, check=True)
    words = command(script)
    watched = subprocess.run(words, env=runs.folder().environment(environment), capture_output=True, text=True)
    assert watched.stdout == plain.stdout
    assert watched.stderr == ""


@pytest.mark.slow
def test_sitecustomize_of_the_user_runs_as_it_would(runs: Runs) -> None:
    folder = runs.base / "mine"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("print('customized', __name__, __file__)\n")
    script = runs.written("import sys; print('sitecustomize' in sys.modules, sys.modules['sitecustomize'].__file__)")
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    plain = subprocess.run(command(script), env=environment, capture_output=True, text=True, check=True)
    watched = subprocess.run(
        command(script), env=runs.folder().environment(environment), capture_output=True, text=True, check=True
    )
    assert "customized sitecustomize" in plain.stdout
    assert (watched.stdout, watched.stderr) == (plain.stdout, plain.stderr)


@pytest.mark.slow
def test_broken_sitecustomize_of_the_user_is_complained_of_as_it_would(runs: Runs) -> None:
    folder = runs.base / "broken"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("raise RuntimeError('mine')\n")
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    words = command(runs.written("print('runs')"))
    plain = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    run = runs.folder()
    watched = subprocess.run(words, env=run.environment(environment), capture_output=True, text=True, check=True)
    assert "RuntimeError: mine" in plain.stderr
    assert (watched.stdout, watched.stderr) == (plain.stdout, plain.stderr)
    assert run.told().state == "watching"


@pytest.mark.slow
def test_only_the_first_python_of_a_command_is_watched(runs: Runs) -> None:
    again = f'{sys.executable} -c \'import os; print(os.environ.get("OUTLIVE_RUN"), os.environ.get("PYTHONPATH"))\''
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = runs.folder()
    done = subprocess.run(
        ["sh", "-c", f"{again}; {again}"], env=run.environment(environment), capture_output=True, text=True, check=True
    )
    assert done.stdout == "None None\nNone None\n"
    assert len(list(run.path.glob("look-*.json"))) == 1


@pytest.mark.slow
@pytest.mark.parametrize("option", ["-I", "-E", "-S"])
def test_isolated_python_runs_unwatched_and_says_nothing(runs: Runs, option: str) -> None:
    words = [sys.executable, option, "-c", "print('runs')"]
    done = runs.watched(words)
    assert (done.returncode, done.stdout, done.stderr) == (0, "runs\n", "")
    assert (done.told.state, done.looks) == ("", ())


@pytest.mark.slow
def test_python_of_another_build_runs_unwatched_and_leaves_word(runs: Runs) -> None:
    run = runs.folder()
    orders = (run.path / "orders").read_text()
    (run.path / "orders").write_text(orders.replace("build=", "build=other-"))
    done = runs.end(runs.start([sys.executable, "-c", "print('runs')"], run), run)
    assert (done.returncode, done.stdout, done.stderr, done.looks) == (0, "runs\n", "", ())
    assert (done.told.state, done.told.python) == ("other-python", sys.version.split()[0])


@pytest.mark.slow
def test_installation_that_does_not_load_leaves_word_and_no_module_behind(runs: Runs, tmp_path: Path) -> None:
    run = runs.folder()
    (tmp_path / "__init__.py").write_text("raise ImportError('no such core')\n")
    lines = (run.path / "orders").read_text().splitlines()
    (run.path / "orders").write_text("\n".join([lines[0], f"paths={tmp_path}"]))
    script = "import sys; print([name for name in sys.modules if name.startswith('outlive')])"
    done = runs.end(runs.start([sys.executable, "-c", script], run), run)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
    assert (done.told.state, done.told.error) == ("failed", "ImportError: no such core")


@pytest.mark.slow
def test_orders_from_a_folder_that_others_can_write_are_not_followed(runs: Runs) -> None:
    run = runs.folder()
    run.path.chmod(0o777)
    done = runs.end(runs.start([sys.executable, "-c", "print('runs')"], run), run)
    assert (done.returncode, done.stdout, done.told.state) == (0, "runs\n", "")
