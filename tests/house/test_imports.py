"""What importing costs, and what the watched child must not be made to load."""

from __future__ import annotations

import subprocess
import sys

import pytest

# `inspect` is not in it: `dataclasses` imports it, and the shared model is made of dataclasses.
HEAVY = {"numpy", "rich", "psutil", "asyncio", "argparse", "subprocess", "json", "unittest", "logging", "socket"}
IN_CHILD = ["outlive", "outlive.model.series", "outlive.errors", "outlive.probes"]


@pytest.mark.parametrize("module", IN_CHILD)
def test_modules_of_the_watched_child_load_nothing_heavy(module: str) -> None:
    code = f"import sys; before = set(sys.modules); import {module}; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert module.partition(".")[0] in loaded
    assert loaded & HEAVY == set()


def test_star_import_offers_the_sorted_public_names() -> None:
    import outlive

    assert list(outlive.__all__) == sorted(outlive.__all__)
    assert "__version__" in outlive.__all__


def test_unknown_name_of_the_package_is_an_attribute_error() -> None:
    import outlive

    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = outlive.nonsense
