from __future__ import annotations

import importlib
import pkgutil
import tempfile

import pytest

from outlive import probes
from outlive.errors import UsageError
from outlive.probes import registry


@pytest.fixture(autouse=True)
def _small_temp_folder(tmp_path, monkeypatch):
    """A temporary folder of the test's own: the machine's may hold a hundred thousand files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def test_every_probe_is_registered():
    modules = [
        importlib.import_module(f"outlive.probes.{found.name}") for found in pkgutil.iter_modules(probes.__path__)
    ]
    declared = {module.PROBE.name for module in modules if hasattr(module, "PROBE")}
    assert declared == {source.probe.name for source in registry.SOURCES}
    assert len(declared) == 13


@pytest.mark.parametrize("source", registry.SOURCES, ids=lambda source: source.probe.name)
def test_a_reading_gives_just_the_figures_that_are_registered(source):
    assert set(source.read(None)) == {figure.name for figure in source.figures}


@pytest.mark.parametrize("source", registry.SOURCES, ids=lambda source: source.probe.name)
def test_what_is_said_of_other_processes_is_true(source, start):
    program = start("print('ready', flush=True); input()")
    if source.probe.other_processes:
        assert set(source.read(program.pid)) == {figure.name for figure in source.figures}
    else:
        with pytest.raises(UsageError):
            registry.refuse_unreachable([source.figures[0].name])


@pytest.mark.parametrize("name", ["vm_rss", "VmRSS", "vm-rss", "VMRSS"])
def test_a_figure_is_found_however_it_is_written(name):
    assert registry.figure_named(name).label == "VmRSS"


def test_an_unknown_figure_is_refused_with_the_list():
    with pytest.raises(UsageError) as refused:
        registry.figure_named("vm_rs")
    assert "vm_rss" in refused.value.why


def test_no_default_figure_is_dear():
    assert not any(source.probe.on_demand for source in registry.sources_of(registry.DEFAULT_FIGURES))


def test_a_declaration_cannot_be_changed():
    with pytest.raises(AttributeError, match="frozen"):
        registry.SOURCES[0].probe.cost = "nothing"
