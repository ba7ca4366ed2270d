"""Known leaks: version and structure together, never one of them alone."""

# ruff: noqa: E501  (a path reads best as one line)

from __future__ import annotations

import re

import pytest

from outlive.catalogue import Facts, match
from outlive.catalogue.entries import KnownLeak, known_leaks, known_of
from outlive.catalogue.versions import in_range
from outlive.model.explanation import Owner, OwnerKind, Site

from .paths import held

PICKLER = {"native_references": 1, "hidden_cycle": True, "held_by": "_pickle.Pickler"}
LOST = {"native_references": 1}
LINE = "! [*] -> tuple"


def made_in(file: str) -> Site:
    return Site(file=file, line=1, function="f")


# id -> (facts but for the versions, a version that has it, one that has not)
TRUE = {
    "adaptix-linecache": (held("linecache.cache -> dict", LINE, site=made_in("/x/adaptix/_internal/c.py")), "3.0.0", None),
    "aiohttp-cookie-jar": (held("app.JAR -> aiohttp.cookiejar.CookieJar", "._cookies -> collections.defaultdict", "! [*] -> http.cookies.SimpleCookie"), "3.12.2", "3.12.3"),
    "aiohttp-middleware-cache": (held("aiohttp.web_app._cached_build_middleware -> functools._lru_cache_wrapper", "! <cached result> -> function", root="aiohttp.web_app"), "3.10.10", "3.10.11"),
    "aiosqlite-connection-thread": (held("threading._active -> dict", "! [*] -> aiosqlite.core.Connection", kind="thread"), "0.20.0", "0.22.0"),
    "async-lru-exceptions": (held("app.lookup -> async_lru._LRUCacheWrapper", "._LRUCacheWrapper__cache -> collections.OrderedDict", "! [*] -> async_lru._CacheItem", ".fut -> _asyncio.Future"), "2.0.4", "2.0.5"),
    "attrs-linecache": (held("linecache.cache -> dict", LINE, site=made_in("/x/attr/_make.py")), "21.2.0", "21.3.0"),
    "awkward-v1-decref": (Facts("native", "list", site=made_in("/x/awkward/highlevel.py"), **LOST), "1.10.2", "1.10.3"),
    "blinker-strong-receivers": (held("app.SIG -> blinker.base.Signal", ".receivers -> dict", "! [*] -> function"), "1.9.0", None),
    "boto3-session-handlers": (held("app.S -> botocore.session.Session", "._events -> botocore.hooks.EventAliaser", "._emitter -> botocore.hooks.HierarchicalEmitter", "._handlers -> botocore.hooks._PrefixTrie", "._root -> dict", "! [*] -> botocore.hooks.NodeList", ".middle -> list", "[*] -> functools.partial"), "1.44.5", None),
    "ciso8601-fromutc": (Facts("native", "datetime.timedelta", **LOST), "2.3.2", "2.3.3"),
    "django-query-log": (held("app.C -> django.db.backends.sqlite3.base.DatabaseWrapper", ".queries_log -> collections.deque", "! [*] -> dict"), "5.0", None),
    "flake8-style-guide-cache": (held("flake8.style_guide.StyleGuideManager -> type # class flake8.style_guide.StyleGuideManager", ".style_guide_for -> functools._lru_cache_wrapper", "! <cache key> -> flake8.style_guide.StyleGuideManager", root="flake8.style_guide"), "4.0.1", "5.0.0"),
    "frozendict-empty": (Facts("native", "frozendict.frozendict", **LOST), "2.3.2", "2.3.3"),
    "lxml-html-clean": (Facts("native", "str", site=made_in("/x/lxml/html/clean.py"), **LOST), "4.9.2", "4.9.3"),
    "marshmallow-class-registry": (held("marshmallow.class_registry._registry -> dict", "[*] -> list", "! [*] -> marshmallow.schema.SchemaMeta", root="marshmallow.class_registry"), "3.20.0", None),
    "marshmallow-dataclass-frames": (held("marshmallow_dataclass._internal_class_schema -> functools._lru_cache_wrapper", "! <cache key> -> frame", root="marshmallow_dataclass"), "8.5.9", "8.6.1"),
    "msgpack-unpacker": (Facts("native", "traceback", **LOST), "1.0.7", "1.0.8"),
    "multidict-delete": (Facts("native", "str", **LOST), "6.6.3", "6.6.4"),
    "multidict-pop": (Facts("native", "str", **LOST), "6.7.0", "6.7.1"),
    "orjson-default-traceback": (Facts("native", "traceback", **LOST), "3.9.0", "3.9.1"),
    "pendulum-parse-error": (Facts("native", "dict", site=made_in("/x/pendulum/parser.py"), **LOST), "2.1.2", "3.0.0"),
    "prometheus-labels": (held("app.HITS -> prometheus_client.metrics.Counter", "._metrics -> dict", "! [*] -> prometheus_client.metrics.Counter"), "0.20", None),
    "pydantic-iterable-field": (Facts("python-object", "app.M", native_references=1, hidden_cycle=True, owner=Owner(OwnerKind.LIBRARY, "pydantic-core")), "2.7.0", "2.7.1"),
    "python-getattr-static": (held("inspect._shadowed_dict_from_mro_tuple -> functools._lru_cache_wrapper", "! <cache key> -> tuple"), "3.12.1", "3.12.4"),
    "python-interned-strings": (held("! interned strings -> str"), "3.12.1", "3.12.7"),
    "python-pickler-memo": (Facts("python-object", "app.Doc", **PICKLER), "3.10.13", "3.11.7"),
    "python-queue-listener": (Facts("thread", "Thread", site=made_in("/lib/python3.12/logging/handlers.py")), "3.12.1", None),
    "python-task-reinit": (Facts("native", "_contextvars.Context", **LOST), "3.13.0", "3.13.1"),
    "scipy-find-objects": (Facts("native", "slice", site=made_in("/x/scipy/ndimage/_measurements.py"), **LOST), "1.9.3", "1.10.0"),
    "sh-pipe-descriptors": (Facts("fd", "pipe", counters=frozenset(["fds"])), "1.12.2", "1.12.3"),
    "sqlalchemy-module-marker": (held("sqlalchemy.orm.clsregistry._registries -> set", "! <element> -> sqlalchemy.orm.clsregistry._ModuleMarker", root="sqlalchemy.orm.clsregistry"), "2.0.32", "2.0.33"),
    "sqlalchemy-row-attribute": (Facts("native", "str", site=made_in("/x/sqlalchemy/engine/result.py"), **LOST), "1.4.35", "1.4.36"),
    "ujson-big-integers": (Facts("native", "", counters=frozenset(["blocks"])), "5.11.0", "5.12.0"),
}  # fmt: skip


def with_version(leak: KnownLeak, facts: Facts, version: str) -> Facts:
    values = {**vars(facts), "python": facts.python or "3.12.1"}
    if leak.distribution == "python":
        return Facts(**{**values, "python": version})
    return Facts(**{**values, "versions": {leak.distribution.replace("-", "_").title(): version}})


def ids(facts: Facts) -> list[str]:
    return [advice.id for advice in match(facts)]


def test_every_known_leak_has_a_case() -> None:
    assert sorted(TRUE) == [leak.id for leak in known_leaks()]


@pytest.mark.parametrize("leak", known_leaks(), ids=lambda leak: leak.id)
def test_affected_version_with_the_structure_is_told(leak: KnownLeak) -> None:
    facts, affected, _ = TRUE[leak.id]
    assert leak.id in ids(with_version(leak, facts, affected))


@pytest.mark.parametrize("leak", [one for one in known_leaks() if one.affected], ids=lambda leak: leak.id)
def test_fixed_version_is_not(leak: KnownLeak) -> None:
    facts, _, fixed = TRUE[leak.id]
    assert fixed is not None
    assert leak.id not in ids(with_version(leak, facts, fixed))


@pytest.mark.parametrize("leak", known_leaks(), ids=lambda leak: leak.id)
def test_affected_version_without_the_structure_is_not(leak: KnownLeak) -> None:
    innocent = held("app.SESSIONS -> dict", "! [*] -> app.Session")
    assert leak.id not in ids(with_version(leak, innocent, TRUE[leak.id][1]))


@pytest.mark.parametrize(
    "leak", [one for one in known_leaks() if one.distribution != "python"], ids=lambda leak: leak.id
)
def test_structure_without_the_distribution_is_not(leak: KnownLeak) -> None:
    assert leak.id not in ids(TRUE[leak.id][0])


@pytest.mark.parametrize("leak", [one for one in known_leaks() if one.affected], ids=lambda leak: leak.id)
def test_version_that_cannot_be_read_is_not(leak: KnownLeak) -> None:
    assert leak.id not in ids(with_version(leak, TRUE[leak.id][0], "unknown"))


@pytest.mark.parametrize("leak", known_leaks(), ids=lambda leak: leak.id)
def test_every_known_leak_can_be_looked_up(leak: KnownLeak) -> None:
    assert all(re.fullmatch(r"https://\S+", one) for one in leak.references)
    assert leak.references
    assert leak.summary.endswith(".")
    assert bool(leak.fixed_in) == bool(leak.affected)


def test_advice_names_what_is_installed_and_where_it_is_fixed() -> None:
    leak = next(one for one in known_leaks() if one.id == "multidict-pop")
    advice = match(with_version(leak, TRUE[leak.id][0], "6.7.0"))[0]
    assert "multidict 6.7.0" in advice.text
    assert "6.7.1" in advice.text
    assert advice.reference.startswith("https://")


def test_rule_over_a_type_alone_is_refused() -> None:
    table = {
        "id": "x", "title": "X", "distribution": "x", "affected": "", "fixed_in": "", "summary": "X.",
        "workaround": "X.", "references": ["https://x"], "rule": [{"type": "str"}],
    }  # fmt: skip
    with pytest.raises(ValueError, match="nothing but a type"):
        known_of("x", table)


@pytest.mark.parametrize(
    ("version", "affected", "expected"),
    [
        ("4.0.1", "<5.0.0", True),
        ("5.0.0", "<5.0.0", False),
        ("5.0.0rc1", "<5.0.0", True),
        ("5.0", "<=5.0.0", True),
        ("3.13.0a3", "<3.13", True),
        ("3.11.7", "<3.11.7 or >=3.12, <3.12.1", False),
        ("3.12.0", "<3.11.7 or >=3.12, <3.12.1", True),
        ("2.0.0.post1", "==2.0.0", True),
        ("1.2.3+local", ">=1.2.3", True),
        ("10.0", ">9.9", True),
        ("anything", "", False),
        ("1.0", "", True),
    ],
)
def test_ranges(version: str, affected: str, expected: bool) -> None:
    assert in_range(version, affected) is expected
