"""No pack names a class or a call that is not there: a wrong path would watch nothing, for ever."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import types
from typing import Any

import pytest

from outlive.contracts import built_in
from outlive.model.contracts import Lifetime, Pack, Resource

# Classes that only some of the versions have that their pack was checked with.
NOT_EVERYWHERE = {
    "pymongo.asynchronous.mongo_client.AsyncMongoClient",
    "pymongo.synchronous.mongo_client.MongoClient",
    "starlette.testclient.TestClient",  # it needs an HTTP client beside, and says so with a RuntimeError
    "websockets.asyncio.connection.Connection",
    "websockets.asyncio.server.Server",
    "websockets.legacy.protocol.WebSocketCommonProtocol",
    "websockets.legacy.server.WebSocketServer",
}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # some live in modules that will go
RESOURCES = [(pack, row) for pack in built_in() for row in pack.resources]
LIFETIMES = [(pack, row) for pack in built_in() for row in pack.lifetimes]


def must_be_installed(pack: Pack) -> None:
    if pack.requires:
        pytest.importorskip(pack.requires)


def inside(module: Any, path: str) -> Any:
    for name in path.split("."):
        module = inspect.getattr_static(module, name) if isinstance(module, type) else getattr(module, name)
    return module


def class_of(name: str) -> Any:
    """The class that snapshots call so."""
    parts = name.split(".")
    if name == "posix.ScandirIterator":  # its module does not show it
        with os.scandir() as scan:
            return type(scan)
    if len(parts) == 1:
        return next(one for one in vars(types).values() if isinstance(one, type) and one.__name__ == name)
    return inside(importlib.import_module(".".join(parts[:-1])), parts[-1])


@pytest.mark.parametrize(("pack", "row"), RESOURCES, ids=[row.type for _, row in RESOURCES])
def test_class_of_a_resource_exists_under_the_name_that_snapshots_have(pack: Pack, row: Resource) -> None:
    must_be_installed(pack)
    try:
        found = class_of(row.type)
    except (ImportError, AttributeError, RuntimeError):
        assert row.type in NOT_EVERYWHERE
        return
    if row.type == "_contextvars.Token":  # it says that it is of contextvars; its C name is what a snapshot has
        return
    if row.type == "asyncio.tasks.Task":  # where there is one in C, it stands in this place
        found = importlib.import_module("asyncio.tasks")._PyTask
    module = "" if found.__module__ == "builtins" else f"{found.__module__}."
    assert module + found.__qualname__ == row.type


@pytest.mark.parametrize(("pack", "row"), LIFETIMES, ids=[row.begins for _, row in LIFETIMES])
def test_calls_that_begin_and_end_exist_and_run_python_code(pack: Pack, row: Lifetime) -> None:
    must_be_installed(pack)
    for place in (row.begins, *row.ends):
        module, _, path = place.partition(":")
        try:
            found = inside(importlib.import_module(module), path)
        except (ImportError, AttributeError):
            assert row.optional, place
            continue
        assert isinstance(found, types.FunctionType), place


def test_every_pack_says_why_its_rows_matter() -> None:
    silent = [row.type for _, row in RESOURCES if not row.matters and not row.type.startswith("threading._")]
    assert silent == []


def test_no_class_is_in_two_packs() -> None:
    names = [row.type for _, row in RESOURCES]
    assert len(names) == len(set(names))
