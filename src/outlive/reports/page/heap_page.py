"""The page of a snapshot: what is big, what keeps it, what waits for the collector, what nobody explains."""

from __future__ import annotations

from outlive.model.heap_summary import Block, Cycle, HeapSummary, Suspect
from outlive.reports.amounts import byte_size, counted
from outlive.reports.page.block_tree import tree_data
from outlive.reports.page.document import Sheet
from outlive.reports.page.markup import Markup, code, element, name, shortened
from outlive.reports.page.shapes import verdict_mark
from outlive.reports.page.tables import Column, Table, table, table_data

_MOST_SUSPECTS = 50
_MOST_CYCLES = 500
_CYCLE_TYPES = 6


def sheet(summary: HeapSummary) -> Sheet:
    """What the page says."""
    tables = [one for one in (_types(summary), _biggest(summary), _cycles(summary), _unexplained(summary)) if one.rows]
    said = {one.id: _section(one) for one in tables}
    parts = (
        _headline(summary),
        _map(summary.tree),
        _suspects(summary.suspects),
        said.get("types"),
        said.get("biggest"),
        said.get("cycles"),
        said.get("unexplained"),
        _facts(summary),
    )
    data = {"tables": {one.id: table_data(one) for one in tables}}
    return Sheet(
        title=f"Snapshot {shortened(summary.path, 100)}",
        mark="snapshot",
        parts=tuple(part for part in parts if part is not None),
        data={**data, "tree": tree_data(summary.tree)} if summary.tree else data,
    )


def _headline(summary: HeapSummary) -> Markup:
    return element(
        "header",
        verdict_mark("snapshot"),
        element(
            "div",
            element("h1", f"{byte_size(summary.bytes)} in {counted(summary.objects, 'object')}"),
            element(
                "p", "What was alive at one moment. A snapshot alone says what is big, not what leaks.", class_="lead"
            ),
        ),
        element(
            "p",
            code(summary.path),
            element("span", f"Python {summary.python}"),
            element("span", counted(summary.references, "reference")),
            class_="meta",
        ),
        class_="verdict snapshot",
    )


def _map(tree: Block | None) -> Markup | None:
    """The map is drawn by the script; without it the table of the biggest objects says the same in words."""
    if tree is None:
        return None
    return element(
        "section",
        element("h2", "What keeps how much"),
        element(
            "p",
            "Each box is an object, as large as what would go with it; colours tell packages apart. "
            "Open a box to look inside; the names above the map, or Escape, lead out.",
            class_="quiet",
        ),
        element("noscript", element("p", "The map needs scripts; the tables below do not.")),
        element("div", id="treemap"),
    )


def _suspects(suspects: tuple[Suspect, ...]) -> Markup | None:
    if not suspects:
        return None
    rows = [
        element(
            "li",
            element("b", byte_size(one.retained_bytes), class_="weight"),
            element(
                "div",
                code(one.expression, "expression"),
                element("p", name(one.type), ", mostly ", element("b", f"{one.count:,}"), " ", name(one.holds))
                if one.holds
                else element("p", name(one.type)),
            ),
        )
        for one in suspects[:_MOST_SUSPECTS]
    ]
    return element("section", element("h2", "Suspects"), element("ol", *rows, class_="suspects"))


_TITLES = {
    "types": ("Types", "Their objects, their own bytes, and what would go with all of them."),
    "biggest": ("Biggest objects", "By what would go with each of them."),
    "cycles": ("Garbage cycles", "Objects that only hold each other and wait for the collector."),
    "unexplained": (
        "Unexplained references",
        "Native code has these: mostly what it is made of. Forgotten ones show between two snapshots.",
    ),
}


def _section(it: Table) -> Markup:
    title, words = _TITLES[it.id]
    return element("section", element("h2", title), element("p", words, class_="quiet"), table(it))


def _types(summary: HeapSummary) -> Table:
    columns = (Column("type"), Column("objects", "count"), Column("own", "bytes"), Column("retained", "bytes"))
    types = sorted(summary.types, key=lambda one: -one.retained_bytes)
    rows = [(one.type, one.count, one.bytes, one.retained_bytes) for one in types]
    return Table("types", "Types", columns, rows)


def _biggest(summary: HeapSummary) -> Table:
    columns = (Column("object"), Column("type"), Column("own", "bytes"), Column("retained", "bytes"))
    rows = [(one.label or f"node {one.node}", one.type, one.bytes, one.retained_bytes) for one in summary.biggest]
    return Table("biggest", "Biggest objects", columns, rows)


def _cycles(summary: HeapSummary) -> Table:
    columns = (Column("types"), Column("objects", "count"), Column("size", "bytes"))
    rows = [(_cycle_types(one), one.objects, one.bytes) for one in summary.cycles[:_MOST_CYCLES]]
    return Table("cycles", "Garbage cycles", columns, rows)


def _cycle_types(cycle: Cycle) -> str:
    shown = ", ".join(shortened(one, 60) for one in cycle.types[:_CYCLE_TYPES])
    more = len(cycle.types) - _CYCLE_TYPES
    return shown if more <= 0 else f"{shown} and {counted(more, 'more type')}"


def _unexplained(summary: HeapSummary) -> Table:
    columns = (Column("type"), Column("objects", "count"), Column("references", "count"), Column("usual for"))
    rows = [(one.type, one.objects, one.references, one.usual) for one in summary.unexplained]
    return Table("unexplained", "Unexplained references", columns, rows)


def _facts(summary: HeapSummary) -> Markup:
    rows = [
        element("div", element("dt", key.replace("_", " ")), element("dd", f"{value:,}"))
        for key, value in sorted(summary.facts.items())
    ]
    facts = (
        element("details", element("summary", "Its own figures"), element("dl", *rows, class_="facts"))
        if rows
        else None
    )
    return element("section", element("h2", "What this snapshot is worth"), element("p", name(summary.quality)), facts)
