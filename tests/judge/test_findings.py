"""One mistake is one finding, led by what tells most."""

from __future__ import annotations

from collections.abc import Callable

from outlive.judge import assess
from outlive.judge.findings import findings_of, fingerprint
from outlive.judge.telling import origin, rank
from outlive.model.series import CounterKey, Series
from outlive.model.verdict import Finding

STEPS = tuple(range(0, 40_001, 500))


def findings(
    *grown: tuple[str, str, Callable[[int], int]], allow: tuple[str, ...] = (), own: tuple[str, ...] = ("scenario",)
) -> tuple[Finding, ...]:
    series = {}
    for counter, type_name, value in grown:
        key = CounterKey(counter, type_name, "bytes" if counter in ("bytes", "native", "mapped") else "")
        series[key] = Series(key, STEPS, tuple(value(step) for step in STEPS))
    return findings_of(assess(series, allow=allow), series, own_modules=own)


def times(factor: int) -> Callable[[int], int]:
    return lambda step: factor * step


def each(steps: int) -> Callable[[int], int]:
    return lambda step: step // steps


def test_a_thread_leads_its_objects_descriptors_and_blocks() -> None:
    (finding,) = findings(
        ("threads", "", times(1)),
        ("fds", "pipe", times(2)),
        ("objects", "app.Connection", times(1)),
        ("objects", "tuple", times(5)),
        ("bytes", "tuple", times(280)),
        ("blocks", "", times(62)),
        ("native", "", times(21_000)),
        ("mapped", "", times(72 << 20)),
    )

    assert (finding.kind, finding.count.per_step) == ("thread", 1.0)
    assert finding.detail == "with it stay app.Connection objects"
    assert len(finding.with_it) == 7


def test_a_class_of_ours_leads_library_classes_and_builtins() -> None:
    (finding,) = findings(
        ("objects", "list", times(3)),
        ("objects", "blinker.base.Signal", times(1)),
        ("objects", "scenario.Request", times(1)),
        ("bytes", "scenario.Request", times(48)),
        ("bytes", "list", times(168)),
    )

    assert finding.type == "scenario.Request"
    assert finding.bytes.per_step == 48 + 168


def test_a_list_that_grows_by_none_is_a_finding_of_items() -> None:
    (finding,) = findings(("items", "list", times(1)), ("bytes", "list", times(8)))

    assert (finding.kind, finding.type, finding.evidence[0].counter) == ("python-object", "list", "items")


def test_blocks_alone_are_native_memory() -> None:
    (finding,) = findings(("blocks", "", times(50)), ("native", "", times(1600)))

    assert finding.kind == "native"
    assert finding.count.per_step == 50
    assert finding.bytes.per_step == 1600


def test_native_bytes_alone_have_no_count() -> None:
    (finding,) = findings(("native", "", times(64)))

    assert (finding.kind, finding.count.per_step, finding.bytes.per_step) == ("native", 0.0, 64.0)


def test_builtins_kept_by_lost_references_are_native() -> None:
    (finding,) = findings(("objects", "str", times(50)), ("references", "str", times(50)), ("blocks", "", times(50)))

    assert (finding.kind, finding.type) == ("native", "str")
    assert "native code" in finding.detail


def test_two_mistakes_at_different_times_are_two_findings() -> None:
    def ever_faster(step: int) -> int:
        return int((step / 1000) ** 3)

    found = findings(("objects", "scenario.Job", times(1)), ("fds", "socket", ever_faster))

    assert {finding.kind for finding in found} == {"python-object", "fd"}


def test_a_class_that_leaks_far_more_rarely_is_another_mistake() -> None:
    found = findings(("objects", "scenario.Job", times(1)), ("objects", "scenario.Session", each(500)))

    assert {finding.type for finding in found} == {"scenario.Job", "scenario.Session"}


def test_what_is_ours_is_never_accused() -> None:
    assert findings(("objects", "outlive.control.Leaked", times(1))) == ()


def test_what_is_allowed_is_not_accused() -> None:
    grown = (("fds", "socket", times(1)), ("objects", "app.Cache", times(1)))

    assert findings(*grown, allow=("fds:socket", "app.Cache")) == ()
    assert [one.kind for one in findings(*grown, allow=("app.Cache",))] == ["fd"]


def test_address_space_alone_needs_much_growth() -> None:
    assert findings(("mapped", "", each(40))) == ()
    (finding,) = findings(("mapped", "", times(4096)))

    assert finding.kind == "mapping"


def test_a_fingerprint_hangs_on_kind_counter_and_type_only() -> None:
    slow, fast = findings(("fds", "socket", each(10))), findings(("fds", "socket", times(1)))

    assert slow[0].fingerprint == fast[0].fingerprint == fingerprint("fd", "fds", "socket")
    assert fingerprint("fd", "fds", "pipe") != fingerprint("fd", "fds", "socket")


def test_origins_are_told_by_the_module() -> None:
    assert [origin(name, ("scenario",)) for name in ("scenario.A", "sh.OProc", "asyncio.events.Handle", "dict")] == [
        0,
        1,
        2,
        3,
    ]
    assert origin("builtins.dict") == 3


def test_speaking_builtins_come_before_plain_ones() -> None:
    names = ["list", "coroutine", "set", "function"]

    assert sorted(names, key=lambda name: rank(CounterKey("objects", name))) == ["coroutine", "function", "set", "list"]
