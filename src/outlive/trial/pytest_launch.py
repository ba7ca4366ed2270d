"""How a marked test is run in a pytest of its own: which of this run's settings go along.

Options travel by their parsed values, as xdist does it; `addopts` are not read a second time. Left out is what would
select other tests, distribute them, stop in a debugger, or write this run's report files again.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from outlive.trial.options import TrialOptions

if TYPE_CHECKING:
    import pytest

TEST_VARIABLE = "OUTLIVE_TRIAL_TEST"
_BOOT = "from outlive.trial.pytest_child import main; main()"
# Variables by which pytest and xdist talk to themselves.
_UNSET = ("PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT")
# Beginnings of option names.
_STAY_BEHIND = """
    outlive plugins pythonwarnings inifilename rootdir override_ini importmode confcutdir file_or_dir
    keyword markexpr deselect ignore collect pyargs lf failedfirst newfirst last_failed stepwise cache maxfail
    usepdb trace capture verbose no_header no_summary reportchars version help show setup markers debug
    numprocesses maxprocesses dist tx px looponfail testrunuid maxworker rsync worker
    xml junit report html json cov no_cov log_file pastebin basetemp durations benchmark profile timeout retries reruns
"""


def options_for(config: pytest.Config, nodeid: str, path: str) -> TrialOptions:
    """Trial options that run the one test `nodeid` of the file `path`."""
    test = {
        "nodeid": nodeid,
        "args": [path, *_early_arguments(config)],
        "options": {name: value for name, value in vars(config.option).items() if _travels(name, value)},
        "path": sys.path,
        "caches": config.pluginmanager.hasplugin("cacheprovider"),
    }
    return TrialOptions(
        argv=[sys.executable, "-c", _BOOT],
        cwd=str(config.invocation_params.dir),
        contracts=(),
        env={TEST_VARIABLE: json.dumps(test), **dict.fromkeys(_UNSET, "")},
    )


def _early_arguments(config: pytest.Config) -> list[str]:
    """What pytest must know before it reads options: where it is, and which plugins it loads."""
    arguments = ["--rootdir", str(config.rootpath), "--import-mode", str(config.option.importmode)]
    if config.inipath is not None:
        arguments += ["-c", str(config.inipath)]
    for plugin in config.option.plugins:
        arguments += ["-p", plugin]
    for warning in config.option.pythonwarnings or ():
        arguments += ["-W", warning]
    for setting in [*(config.option.override_ini or ()), "addopts="]:
        arguments += ["-o", setting]
    return arguments


def _travels(name: str, value: Any) -> bool:
    plain = isinstance(value, (str, int, float, type(None))) or (
        isinstance(value, list) and all(isinstance(part, str) for part in value)
    )
    return plain and not name.startswith(tuple(_STAY_BEHIND.split()))
