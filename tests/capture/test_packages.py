"""Which code is whose, read from a made-up environment and from this one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from outlive.capture.packages import own_modules_of, read_packages
from outlive.model.packages import Distribution


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site-packages"
    (folder / "Foo_Bar-2.1.dist-info").mkdir(parents=True)
    metadata = folder / "Foo_Bar-2.1.dist-info"
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: Foo-Bar\nVersion: 2.1\n")
    (metadata / "RECORD").write_text("foo/__init__.py,,\n_foo.cpython-312-x86_64-linux-gnu.so,,\n../../bin/foo,,\n")
    (folder / "broken-1.dist-info").mkdir()
    return folder


def test_distribution_is_known_by_each_of_its_import_names(site: Path) -> None:
    found = read_packages([str(site)]).distributions
    assert found["foo"] == found["_foo"] == Distribution("Foo-Bar", "2.1")
    assert ".." not in found


def test_folder_that_is_no_library_is_yours(site: Path, tmp_path: Path) -> None:
    packages = read_packages([str(tmp_path), str(site)], own_folders=[str(tmp_path / "more")])
    assert packages.library_folders == (str(site),)
    assert packages.own_folders == (str(tmp_path / "more"), str(tmp_path))


def test_module_in_a_library_inside_your_folder_is_not_yours(site: Path, tmp_path: Path) -> None:
    packages = read_packages([str(tmp_path), str(site)])
    files = {"app": str(tmp_path / "app.py"), "foo.x": str(site / "foo" / "x.py"), "json": "/usr/lib/json.py"}
    assert own_modules_of(files, packages) == {"app"}


def test_this_environment_is_read() -> None:
    packages = read_packages(sys.path)
    assert packages.distributions["pytest"].name == "pytest"
    assert packages.stdlib_folders
    assert "json" in packages.stdlib_modules
