"""Whose the mistake is: where the faulty reference lives decides, not what leaked."""

from __future__ import annotations

import pytest
from small_heap import PACKAGES, SITE, heap

from outlive.explain.context import Context
from outlive.explain.explain import explain_asked
from outlive.explain.owner import owner_of_site
from outlive.explain.packages import is_mine, owner_of_file, owner_of_module
from outlive.model.explanation import Explanation, Owner, OwnerKind, Site

YOURS = Owner(OwnerKind.YOURS, "app")
BLINKER = Owner(OwnerKind.LIBRARY, "blinker", "1.7.0")
PYTHON = Owner(OwnerKind.INTERPRETER, "python", "3.12.1")
UNKNOWN = Owner(OwnerKind.UNKNOWN)

CASES = [
    ("app: module old\napp.rows: list old\napp.rows[0]: blinker.Signal new", YOURS),
    ("app: module old\napp.sig: blinker.base.Signal old\napp.sig.r: dict old\napp.sig.r[0]: app.Row new", BLINKER),
    ("app: module old\napp.loop: asyncio.Loop old\napp.loop.heap: list old\napp.loop.heap[0]: app.Row new", PYTHON),
    ("app: module old\napp.q: queue.Queue old\napp.q.queue: collections.deque old\napp.q.queue[0]: app.R new", YOURS),
    ("other: module old\nother.rows: list old\nother.rows[0]: app.Row new", UNKNOWN),
    (
        (
            'blinker: module old\nblinker.C: type old what="class blinker.base.C"\n'
            "blinker.C.cache: functools._lru_cache_wrapper old\nblinker.C.cache[0]: app.Row new"
        ),
        BLINKER,
    ),
    ('app: module old\napp.f: function old what="function app.f (app.py:3)"\napp.f[0]: json.Row new', YOURS),
    ('f: frame root=frame what="frame app.run (app.py:3)"\nf[0]: json.Row new', YOURS),
    ('c: coroutine root=thread what="coroutine app.main (app.py:3)"\nc<local variable x>: json.Row new', YOURS),
]


@pytest.mark.parametrize(("lines", "owner"), CASES)
def test_owner_is_the_nearest_named_holder(lines: str, owner: Owner) -> None:
    small = heap(lines)
    (found,) = explain_asked(small, [max(small.types)], small.context())
    assert found.owner == owner


def test_maker_is_the_nearest_caller_that_is_yours() -> None:
    library = Site("/venv/lib/site-packages/blinker/base.py", 10, "connect", callers=(SITE,))
    context = Context(packages=PACKAGES)
    assert owner_of_site(library, context).kind is OwnerKind.YOURS
    assert owner_of_site(Site(library.file, 10, "connect"), context) == BLINKER
    assert owner_of_site(None, context) == UNKNOWN


@pytest.mark.parametrize(
    ("file", "owner"),
    [
        ("/home/me/project/app.py", YOURS),
        ("/usr/lib/python3.12/json/decoder.py", PYTHON),
        ("<frozen importlib._bootstrap>", PYTHON),
        ("/venv/lib/site-packages/blinker/base.py", BLINKER),
        ("/venv/lib/site-packages/nobody.py", UNKNOWN),
        ("<string>", UNKNOWN),
        ("/home/me/project-2/app.py", UNKNOWN),
    ],
)
def test_owner_of_a_file(file: str, owner: Owner) -> None:
    assert owner_of_file(file, PACKAGES) == owner


def test_main_module_is_yours() -> None:
    assert owner_of_module("__main__", PACKAGES).kind is OwnerKind.YOURS


def test_mine_is_what_my_code_holds_or_made() -> None:
    held, made, neither = (
        Explanation("", owner=YOURS, made_by=PYTHON),
        Explanation("", owner=BLINKER, made_by=YOURS),
        Explanation("", owner=BLINKER, made_by=PYTHON),
    )
    assert is_mine(held, PACKAGES)
    assert is_mine(made, PACKAGES)
    assert not is_mine(neither, PACKAGES)


def test_mine_may_name_packages() -> None:
    held = Explanation("", owner=BLINKER, made_by=YOURS)
    assert is_mine(held, PACKAGES, ["blinker"])
    assert is_mine(held, PACKAGES, ["app"])
    assert not is_mine(held, PACKAGES, ["web"])
    assert not is_mine(Explanation(""), PACKAGES, ["app"])
