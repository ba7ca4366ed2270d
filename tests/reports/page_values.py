"""Values that the page's tests share: a finding with everything, many findings, hostile names, heaps of any size."""

from __future__ import annotations

import dataclasses
import random

from outlive.model.explanation import Advice, Explanation, Hop, Owner, OwnerKind, Site, State
from outlive.model.heap_summary import Block, Cycle, HeapSummary, Suspect, TypeTotal, Unexplained
from outlive.model.series import CounterKey, Series
from outlive.model.verdict import CheckResult, Control, Cost, Evidence, Finding, Note, Outcome, Rate, Verdict

SCRIPT = '</script><img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script>'
TURNED = "app.\u202egnp.exe\u2066\u0000\u200bSession"
LONG = "a" * 10_000
BROKEN = "app.\ud800Half"
HOSTILE = (SCRIPT, TURNED, LONG, BROKEN, "]]> --> ${alert(1)} `{{7*7}}` &lt;b&gt; \u2028 \" ' \\")


def growing(counter: str, of: str, per_step: float, unit: str = "") -> Series:
    """Readings of a leak after a warm-up, with some noise."""
    chance = random.Random(ascii(counter + of))
    steps = [at * 32 for at in range(64)]
    noise = per_step * 40
    values = [int(12 + 60 * min(1, at / 400) + per_step * at + noise * chance.random()) for at in steps]
    return Series(CounterKey(counter, of, unit), steps, values)


def seen(series: Series) -> Evidence:
    """Evidence that fits a series."""
    steps, values = list(series.steps), list(series.values)
    first = len(steps) // 4
    length = steps[-1] - steps[first]
    rate = (values[-1] - values[first]) / length
    spread = abs(rate) * 0.06
    return Evidence(
        series.key.counter,
        series.key.type,
        Rate(rate, rate - spread, rate + spread),
        length,
        values[first],
        values[-1],
        18,
        1,
        3.2e9,
        series.key.unit,
    )


def why(of: str = "app.service.Session") -> Explanation:
    path = (
        Hop(
            "app.service", "app.service", "builtins.module", "module app.service", State.EXPECTED, "an imported module"
        ),
        Hop(".HUB", ".HUB", "app.events.Hub", "", State.EXPECTED, "module global, made before the first step"),
        Hop(".listeners", ".listeners", "builtins.dict", "", State.UNKNOWN, "", count=3),
        Hop("['closed']", "[*]", "builtins.list", "", State.UNKNOWN, "made before the first step", count=2048),
        Hop(
            "[17]", "[*]", "builtins.method", "Session.on_close", State.STUCK, "made by step 17, which has ended", True
        ),
        Hop(".__self__", ".__self__", of, "", State.STUCK, "its step has ended"),
    )
    return Explanation(
        sentence=f"{of} objects live because app.service.HUB.listeners['closed'] still lists their method on_close.",
        path=path,
        held_by="app.service.HUB.listeners['closed'][*]",
        owner=Owner(OwnerKind.YOURS, "app"),
        site=Site(
            "/srv/app/service.py",
            88,
            "open_session",
            "        session = Session(user, hub=HUB)",
            callers=(Site("/srv/app/http.py", 31, "handle"), Site("/srv/app/main.py", 12, "step")),
        ),
        made_by=Owner(OwnerKind.YOURS, "app"),
        advice=(
            Advice(
                "bound-method-listener",
                "A listener that nobody takes off",
                "A bound method keeps its object alive for as long as it is listed. Take it off when the session "
                "closes, or list it by weakref.WeakMethod.",
                "https://docs.python.org/3/library/weakref.html#weakref.WeakMethod",
            ),
        ),
        also_held_by=("asyncio.tasks._scheduled_tasks",),
        retained_bytes=4312,
        explained=40,
        sampled=40,
        fingerprint="a1b2c3d4",
    )


def finding(of: str = "app.service.Session", per_step: float = 1.0) -> Finding:
    series = (growing("objects", of, per_step), growing("bytes", of, per_step * 4312, "bytes"))
    along = (growing("blocks", "", per_step * 9), growing("objects", "builtins.dict", per_step * 2))
    count, size = seen(series[0]), seen(series[1])
    return Finding(
        "python-object",
        of,
        count.rate,
        size.rate,
        (count, size),
        "a1b2c3d4e5f6",
        with_it=tuple(seen(one) for one in along),
        explanation=why(of),
        series=(*series, *along),
    )


def leak(*findings: Finding) -> CheckResult:
    return CheckResult(
        "app/checks/service.py",
        Verdict.LEAK,
        f"{len(findings)} findings",
        Outcome.FINISHED,
        findings=findings or (finding(),),
        notes=(
            Note("filling", "collections.deque app.service.RECENT (bound 500) holds 312 and will stop at 500"),
            Note("growing", "native grows by 1.2 B per step; some 40,000 more steps would tell"),
        ),
        controls=(
            Control("planted leak", "positive", "leak", "leak", True),
            Control("planted innocent", "null", "flat", "flat", True),
        ),
        smallest_visible={
            "objects": Rate(0.001, 0, 0),
            "blocks": Rate(0.012, 0, 0),
            "native": Rate(12, 0, 0),
            "fds": Rate(0.001, 0, 0),
        },
        cost=Cost(4.1, 2048, 64, 1.2, 2.4, 92 << 20),
        python="3.12.4",
    )


def many(count: int) -> CheckResult:
    chance = random.Random(count)
    names = ("app.cache.Entry", "app.orm.Row", "lib.http.Connection", "builtins.dict", "app.jobs.Job", "lib.ws.Frame")
    return leak(*(finding(f"{chance.choice(names)}{at}", round(chance.uniform(0.05, 9), 3)) for at in range(count)))


def hostile() -> CheckResult:
    """Every text of a result is a hostile name."""
    findings = []
    for name in HOSTILE:
        hop = Hop(name, name, name, name, State.STUCK, name, True, 3)
        site = Site(name, 3, name, name, True, (Site(name, 4, name),))
        advice = Advice(name, name, name, "javascript:window.hacked=1")
        bad = dataclasses.replace(
            why(),
            sentence=name,
            path=(hop, hop),
            held_by=name,
            owner=Owner(OwnerKind.LIBRARY, name, name),
            site=site,
            advice=(advice,),
            also_held_by=(name,),
            family=name,
        )
        findings.append(dataclasses.replace(finding(name), type=name, fingerprint=name, detail=name, explanation=bad))
    whole = leak(*findings)
    return dataclasses.replace(
        whole,
        scenario=SCRIPT,
        reason=SCRIPT,
        notes=tuple(Note(name, name) for name in HOSTILE),
        controls=(Control(SCRIPT, SCRIPT, SCRIPT, SCRIPT, False),),
        smallest_visible={name: Rate(1, 1, 1) for name in HOSTILE},
        python=SCRIPT,
        traceback=SCRIPT + LONG,
        output_tail=SCRIPT,
    )


def heap(*, types: int = 40, width: int = 9, depth: int = 3, total: int = 812 << 20, name: str = "") -> HeapSummary:
    """A summary of a heap of 5 million objects: `types` rows, a tree of `width` ** `depth` blocks and more."""
    chance = random.Random(types)
    packages = ("builtins", "app.models", "app.cache", "pandas.core", "sqlalchemy.orm", "asyncio", "json")
    names = [name or f"{packages[at % len(packages)]}.{_word(chance)}{at}" for at in range(types)]
    tree = _block(chance, names, total, width, depth, "interpreter")
    rows = tuple(
        TypeTotal(of, int(4e6 / (at + 1)), int(total * 0.3 / (at + 1)), int(total * 0.7 / (at + 1)))
        for at, of in enumerate(names)
    )
    return HeapSummary(
        path=name or "/var/tmp/service-4312.outlive",
        python="3.12.4",
        objects=5_012_331,
        references=18_442_902,
        bytes=total,
        quality="5,012,331 objects, 18,442,902 references in 412.3 ms; 98.21% of reference counts explained exactly",
        types=rows,
        biggest=tuple(sorted(tree.children, key=lambda one: -one.retained_bytes)),
        tree=tree,
        suspects=tuple(
            Suspect(name or f"app.cache.STORE{at}.entries", "builtins.dict", total // (3 + at * 4), names[at], 90_000)
            for at in range(4)
        ),
        cycles=tuple(Cycle(tuple(names[at : at + 3]), 400 // (at + 1), 90_000 // (at + 1)) for at in range(12)),
        unexplained=tuple(Unexplained(names[at], 3000 // (at + 1), 3400 // (at + 1)) for at in range(14)),
        facts={"pid": 4312, "pause_us": 412_300, "refused": 0},
    )


def _block(chance: random.Random, names: list[str], size: int, width: int, depth: int, label: str) -> Block:
    own = min(size, 64 + int(size * 0.02))
    children = []
    rest = size - own
    for at in range(width if depth else 0):
        part = int(rest * chance.uniform(0.15, 0.5))
        rest -= part
        inner = names[0] if not names[0].startswith("builtins") and chance.random() < 0.1 else f"['key{at}']"
        children.append(_block(chance, names, part, width, depth - 1, inner))
    kind = chance.choice(names)
    children.sort(key=lambda one: -one.retained_bytes)
    return Block(chance.randrange(1, 5_000_000), kind, label, own, size, 1, tuple(children))


def _word(chance: random.Random) -> str:
    return chance.choice(("Entry", "Row", "Session", "Frame", "Mapper", "Node", "Query", "Task"))
