"""Contracts attached to a program that does not know of them: modules written and imported here, for real."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import subprocess
import sys
import traceback
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from outlive.lifetimes import clock, hooks
from outlive.lifetimes.ended import REGISTRY
from outlive.lifetimes.notebook import NOTEBOOK

_numbers = count()
SESSION = """
import asyncio, functools

def logged(function):
    @functools.wraps(function)
    def call(*args, **kwargs):
        return function(*args, **kwargs)
    return call

class Session:
    loop = None
    def __init__(self, loop=None):
        self._loop = loop
    def close(self, code=0):
        if code < 0:
            raise ValueError(code)
        return code
    async def aclose(self):
        await asyncio.sleep(0)
        self.close()
    async def __aenter__(self):
        return self
    async def __aexit__(self, *error):
        await self.aclose()
    @logged
    def stop(self):
        return "stopped"
    @logged
    def start(self):
        return "started"

class Child(Session):
    pass

class Sibling(Session):
    pass

class Refused:
    async def __aenter__(self):
        raise ConnectionRefusedError("no server")
    async def __aexit__(self, *error):
        pass
    def close(self):
        pass

class Pool:
    def acquire(self):
        return Session()
    def release(self, connection, broken=False):
        pass

def open_session():
    return Session()

LIMIT = 5
"""


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Writes a module under a name of its own and gives the name."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(source: str = SESSION) -> str:
        name = f"hooked_{next(_numbers)}"
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        importlib.invalidate_caches()
        return name

    return write


def attach(module: str, ends: object, *, begins: str = "Session.__init__", **more: Any) -> None:
    places = [ends] if isinstance(ends, str) else list(ends)  # type: ignore[call-overload]
    hooks.attach([{"begins": f"{module}:{begins}", "ends": [f"{module}:{place}" for place in places], **more}])


def attached(module: str, ends: object, **more: Any) -> ModuleType:
    attach(module, ends, **more)
    return importlib.import_module(module)


def closings_of(obj: object) -> list[tuple[str, int, str]]:
    row = REGISTRY.row_of(obj)
    key = -1 if row is None else row.key
    return [(one["what"], one["times"], one["trouble"]) for one in NOTEBOOK.closing_rows() if one.get("key") == key]


def test_an_object_has_ended_when_its_ending_call_has_returned(fresh: Callable[..., str]) -> None:
    module = attached(fresh(), "Session.close", must=["garbage", "tasks"], matters="sockets stay", name="session gone")
    session = module.Session()
    assert REGISTRY.row_of(session) is None
    assert session.close(3) == 3
    row = REGISTRY.row_of(session)
    assert row is not None
    assert (row.lifetime, row.must, row.matters) == ("session gone", ("garbage", "tasks"), "sockets stay")
    assert row.contract == f"{module.__name__}:Session.__init__"
    assert row.place is not None
    assert row.place[0] == __file__


def test_a_module_that_is_there_already_is_attached_at_once(fresh: Callable[..., str]) -> None:
    module = importlib.import_module(fresh())
    session = module.Session()
    attach(module.__name__, "Session.close")
    session.close()
    assert closings_of(session) == [("Session closed", 1, "")]


def test_module_spec_and_loader_are_what_they_would_be(fresh: Callable[..., str]) -> None:
    with_us, without = attached(fresh(), "Session.close"), importlib.import_module(fresh())
    assert type(with_us.__loader__) is type(without.__loader__)
    assert with_us.__spec__ is not None
    assert with_us.__spec__.loader is with_us.__loader__
    assert inspect.getsource(with_us).startswith("\nimport asyncio")


def test_signature_and_kind_of_an_ending_call_stay(fresh: Callable[..., str]) -> None:
    module = attached(fresh(), ["Session.close", "Session.aclose"])
    assert str(inspect.signature(module.Session.close)) == "(self, code=0)"
    assert inspect.iscoroutinefunction(module.Session.aclose)
    assert module.Session.close.__qualname__ == "Session.close"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="functions are replaced before 3.12")
def test_nothing_is_replaced_and_no_frame_is_added(fresh: Callable[..., str]) -> None:
    module = importlib.import_module(fresh())
    before = dict(vars(module.Session))
    attach(module.__name__, ["Session.close", "Session.aclose"])
    assert dict(vars(module.Session)) == before
    with pytest.raises(ValueError, match="-1") as raised:
        module.Session().close(-1)
    assert [entry.name for entry in traceback.extract_tb(raised.tb)][1:] == ["close"]


def test_ends_within_an_end_are_one_end(fresh: Callable[..., str]) -> None:
    module = attached(fresh(), ["Session.close", "Session.aclose", "Session.__aexit__"])

    async def use() -> Any:
        async with module.Session() as session:
            pass
        return session

    assert closings_of(asyncio.run(use())) == [("Session closed", 1, "")]


def test_the_end_of_a_block_after_an_explicit_close_is_no_second_end(fresh: Callable[..., str]) -> None:
    module = attached(fresh(), ["Session.close", "Session.__aexit__"])

    async def use() -> Any:
        async with module.Session() as session:
            session.close()
        return session

    assert closings_of(asyncio.run(use())) == [("Session closed", 1, "")]


def test_a_block_that_only_calls_close_is_no_second_end_either(fresh: Callable[..., str]) -> None:
    module = attached(fresh(), "Session.aclose")

    async def use() -> Any:
        async with module.Session() as session:
            await session.aclose()
        return session

    assert closings_of(asyncio.run(use())) == [("Session closed", 1, "")]


def test_two_calls_of_close_are_two_ends(fresh: Callable[..., str]) -> None:
    session = attached(fresh(), "Session.close").Session()
    session.close()
    session.close()
    assert closings_of(session) == [("Session closed", 1, ""), ("Session closed", 2, "twice")]


def test_a_close_that_raises_is_told_and_ends_nothing(fresh: Callable[..., str]) -> None:
    module = attached(fresh(), "Session.close")
    session = module.Session()
    with pytest.raises(ValueError, match="-7"):
        session.close(-7)
    assert REGISTRY.row_of(session) is None
    last = [row for row in NOTEBOOK.closing_rows() if row["type"] == f"{module.__name__}.Session"][-1]
    assert last["trouble"] == "raised"


def test_a_close_after_its_loop_was_closed_is_told(fresh: Callable[..., str]) -> None:
    module = attached(fresh(), "Session.close")
    loop = asyncio.new_event_loop()
    late, in_time = module.Session(loop), module.Session(loop)
    in_time.close()
    loop.close()
    late.close()
    assert closings_of(in_time) == [("Session closed", 1, "")]
    assert ("Session closed", 1, "loop-closed") in closings_of(late)


def test_an_end_after_its_loop_was_closed_is_one_row(fresh: Callable[..., str]) -> None:
    module = attached(fresh(), "Session.close")
    loop = asyncio.new_event_loop()
    late = module.Session(loop)
    loop.close()
    late.close()
    assert closings_of(late) == [("Session closed", 1, "loop-closed")]


def test_the_clock_goes_on_when_an_ending_call_begins_and_when_it_has_returned(fresh: Callable[..., str]) -> None:
    module = attached(fresh(), ["Session.aclose", "Session.close"])
    session = module.Session()
    before = clock.tick()
    asyncio.run(session.aclose())
    row = REGISTRY.row_of(session)
    assert row is not None
    assert before == row.closing_tick < row.tick < clock.tick()


def test_a_contract_of_a_subclass_says_nothing_of_its_siblings(fresh: Callable[..., str]) -> None:
    module = attached(fresh(), "Child.close", begins="Child")
    child, sibling = module.Child(), module.Sibling()
    child.close()
    sibling.close()
    assert closings_of(child) == [("Child closed", 1, "")]
    assert REGISTRY.row_of(sibling) is None


def test_functions_of_one_decorator_are_told_apart(fresh: Callable[..., str]) -> None:
    session = attached(fresh(), "Session.stop").Session()
    assert session.start() == "started"
    assert REGISTRY.row_of(session) is None
    assert session.stop() == "stopped"
    assert closings_of(session) == [("Session stopped", 1, "")]


def test_what_is_released_can_be_an_argument(fresh: Callable[..., str]) -> None:
    module = attached(fresh(), "Pool.release", begins="Pool.acquire", of="connection")
    pool = module.Pool()
    first, second = pool.acquire(), pool.acquire()
    pool.release(first)
    pool.release(broken=True, connection=second)
    assert [closings_of(one) for one in (first, second)] == [[("Pool released", 1, "")]] * 2
    assert REGISTRY.row_of(pool) is None


def test_a_block_that_could_not_be_entered_is_an_event(fresh: Callable[..., str]) -> None:
    module = attached(fresh(), "Refused.close", begins="Refused")

    async def use() -> None:
        async with module.Refused():
            pass

    with pytest.raises(ConnectionRefusedError):
        asyncio.run(use())
    event = [one for one in NOTEBOOK.events.rows() if one["what"] == f"{module.__name__}.Refused.__aenter__"]
    assert [(one["kind"], one["detail"]) for one in event] == [("enter-raised", "ConnectionRefusedError: no server")]
    assert event[0]["site"]["function"].endswith("use")


def test_a_block_that_could_be_entered_is_none(fresh: Callable[..., str]) -> None:
    module = attached(fresh(), "Session.close")

    async def use() -> None:
        async with module.Session():
            pass

    asyncio.run(use())
    assert not [one for one in NOTEBOOK.events.rows() if one["what"].startswith(module.__name__)]


def test_wrong_places_are_problems(fresh: Callable[..., str]) -> None:
    name = fresh()
    attach(name, ["Session.clos", "LIMIT", "Nothing.close", "Pool.acquire"], begins="Sesion")
    attach(name, "Pool.release", begins="Pool", of="conection")
    hooks.attach([{"begins": "no_such_module_xyz:A", "ends": ["no colon"]}])
    importlib.import_module(name)
    mine = [one for one in hooks.problems() if name in one or "no_such" in one]
    assert [one.partition(" (")[0] for one in mine] == [
        "'no colon' is no place; write it as 'package.module:Class.method'",
        f"{name}:Session has no 'clos'",
        f"'LIMIT' of module {name} is no function written in Python",
        f"module {name} has no 'Nothing'",
        f"module {name} has no 'Sesion'",
        f"'release' of {name}:Pool has no argument 'conection'",
        "there is no module 'no_such_module_xyz'",
    ]


def test_an_optional_place_that_is_missing_is_no_problem(fresh: Callable[..., str]) -> None:
    name = fresh()
    attached(name, "Session.from_next_year", optional=True)
    assert not [one for one in hooks.problems() if name in one]


def test_a_failing_import_shows_no_frame_of_ours(fresh: Callable[..., str]) -> None:
    name = fresh("import json\nraise LookupError('broken module')\n")
    attach(name, "Session.close")
    with pytest.raises(LookupError) as raised:
        __import__(name)
    files = [Path(entry.filename).name for entry in traceback.extract_tb(raised.tb)]
    assert files == [Path(__file__).name, f"{name}.py"]


def test_a_reloaded_module_is_attached_again(fresh: Callable[..., str]) -> None:
    module = importlib.reload(attached(fresh(), "Session.close"))
    session = module.Session()
    session.close()
    assert closings_of(session) == [("Session closed", 1, "")]


SITE = """
import sys
sys.path.insert(0, {source!r})
from outlive.lifetimes import hooks
hooks.attach([{{"begins": "app:Job", "ends": ["app:Job.stop"]}}])
"""
APP = """
class Base:
    pass
class Job(Base):
    def __init__(self):
        super().__init__()
    def stop(self):
        super().__init__()
job = Job()
job.stop()
from outlive.lifetimes import hooks
from outlive.lifetimes.ended import REGISTRY
print([(row.type, row.lifetime) for row in REGISTRY.alive()], hooks.problems())
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the script itself is watched from 3.12 on")
def test_a_class_of_the_script_itself_is_watched_under_both_names(tmp_path: Path) -> None:
    import outlive

    source = str(Path(outlive.__file__).parent.parent)
    (tmp_path / "sitecustomize.py").write_text(SITE.format(source=source), encoding="utf-8")
    (tmp_path / "app.py").write_text(APP, encoding="utf-8")
    for how in (["app.py"], ["-m", "app"]):
        done = subprocess.run(
            [sys.executable, "-B", *how], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert (done.stdout.strip(), done.stderr) == ("[('__main__.Job', 'Job stopped')] []", "")
