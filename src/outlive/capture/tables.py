"""A snapshot as SQL tables, for DuckDB (the extra `outlive[query]`). Described in docs/reference/query-tables.md.

Theory of operation. DuckDB reads numpy arrays where they lie, so the columns of the mapped file are handed over as
they are. What costs a pass over the heap (retained sizes, who refers to whom) is made only when the statement can look
at it: the parser's own tree of the statement is searched for the names, and a star asks for everything. A column that
nobody can look at is a column of zeros. Labels and holder paths are functions called for one row at a time; a bound
keeps a careless statement from making millions of them.

The statement may read these tables and nothing else: no file, no network, no variable of ours, no change of a setting.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from outlive.capture.snapshot import Snapshot
from outlive.errors import OutliveError, UsageError

LABELS_MAX = 20_000
_NOTHING = 0xFFFFFFFF
_ROWS_AT_ONCE = 4096
_PRIVATE = {
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_VIEWS = (
    "CREATE VIEW texts AS SELECT node, text::VARCHAR AS text FROM text_rows",
    """CREATE VIEW sites AS SELECT site, file::VARCHAR AS file, line, function::VARCHAR AS function,
        nullif(caller, 0) AS caller FROM site_rows WHERE site > 0""",
    """CREATE VIEW objects AS SELECT o.node, o.address,
        CASE o.layout WHEN 32 THEN 'shared keys' WHEN 33 THEN 'interpreter' WHEN 34 THEN 'thread' WHEN 35 THEN 'frame'
            ELSE coalesce(t.type, '') END AS type,
        o.bytes, nullif(o.refcount, 4294967295) AS refcount, o.holds,
        CASE WHEN o.refcount = 4294967295 THEN NULL ELSE o.unexplained END AS unexplained,
        o.retained, nullif(o.dominator, 4294967295) AS dominator,
        nullif(o.tick, 0) AS tick, nullif(o.site, 0) AS site
        FROM object_rows o LEFT JOIN type_rows t ON t.node = o.type_node""",
    """CREATE VIEW types AS SELECT t.node, t.type, count(o.node) AS objects,
        coalesce(sum(o.bytes), 0)::UBIGINT AS bytes, any_value(t.instance_bytes) AS instance_bytes
        FROM type_rows t LEFT JOIN object_rows o ON o.type_node = t.node GROUP BY t.node, t.type""",
    """CREATE VIEW refs AS SELECT source, target, position, label(source, position) AS label
        FROM ref_rows WHERE target <> 0""",
    """CREATE VIEW by_type AS SELECT type, count(*) AS objects, sum(bytes)::UBIGINT AS bytes, max(bytes) AS largest
        FROM objects GROUP BY type ORDER BY bytes DESC""",
    """CREATE VIEW biggest AS SELECT node, type, bytes, retained FROM objects ORDER BY retained DESC""",
    """CREATE VIEW unexplained AS SELECT node, type, refcount, unexplained FROM objects
        WHERE unexplained > 0 ORDER BY unexplained DESC""",
)
TABLES = ("objects", "refs", "types", "sites", "texts", "by_type", "biggest", "unexplained")
_HINT = f"the tables are {', '.join(TABLES)}; DESCRIBE objects shows the columns of one"

Nodes = npt.NDArray[np.unsignedinteger[Any]]


class Analysis(Protocol):
    """What the tables ask of the analysed heap. Arrays are by node number, node 0 included."""

    def retained(self) -> Nodes: ...

    def dominators(self) -> Nodes:
        """0xffffffff: nothing reaches it."""

    def label(self, source: int, position: int) -> str: ...

    def path(self, node: int) -> str: ...


@dataclass(frozen=True)
class Answer:
    """Columns as (name, SQL type); rows come as they are read."""

    columns: tuple[tuple[str, str], ...]
    rows: Iterator[tuple[Any, ...]]


class Tables:
    """The tables of one snapshot. Close it when the rows are read."""

    def __init__(self, snapshot: Snapshot, analysis: Analysis) -> None:
        """Raises OutliveError when DuckDB is not installed."""
        self._snapshot = snapshot
        self._analysis = analysis
        self._texts = _Texts(analysis)
        self._duckdb = _duckdb()
        self._db = self._duckdb.connect(":memory:", config=_PRIVATE)

    def close(self) -> None:
        self._db.close()

    def ask(self, sql: str) -> Answer:
        """Run one SELECT. Raises UsageError when it is something else, or wrong; once for each Tables."""
        said = self._said_in(sql)
        try:
            self._make(said)
            self._db.execute("SET lock_configuration = true")
            cursor = self._db.execute(sql)
            columns = tuple((str(column[0]), str(column[1])) for column in cursor.description or ())
            return Answer(columns, self._rows(cursor))
        except self._duckdb.Error as error:
            raise self._refused(error) from None

    def _rows(self, cursor: Any) -> Iterator[tuple[Any, ...]]:
        try:
            while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                yield from rows
        except self._duckdb.Error as error:
            raise self._refused(error) from None

    def _refused(self, error: Exception) -> Exception:
        """What went wrong, as it concerns the reader: their statement, or something of ours."""
        if self._texts.trouble is not None:
            return self._texts.trouble
        first, _, rest = str(error).strip().partition("\n")
        return UsageError(f"the query does not run: {first}", why=" ".join(rest.split()), hint=_HINT)

    def _said_in(self, sql: str) -> _Said:
        """Raises UsageError when it is not one SELECT."""
        try:
            statements = self._db.extract_statements(sql)
        except self._duckdb.Error as error:
            raise self._refused(error) from None
        if len(statements) != 1 or statements[0].type != self._duckdb.StatementType.SELECT:
            raise UsageError("the query must be one SELECT statement", why="a snapshot is only read", hint=_HINT)
        ((text,),) = self._db.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()
        tree = json.loads(text)
        if tree.get("error"):
            raise UsageError(f"the query does not run: {tree.get('error_message')}", hint=_HINT)
        return _said(tree)

    def _make(self, said: _Said) -> None:
        """Hand the columns over and make the views on them."""
        for name, columns in self._columns(said).items():
            self._db.register(name, columns)
        self._db.create_function("label", self._texts.label, ["UINTEGER", "UINTEGER"], "VARCHAR")
        self._db.create_function("path", self._texts.path, ["UINTEGER"], "VARCHAR")
        for view in _VIEWS:
            self._db.execute(view)

    def _columns(self, said: _Said) -> dict[str, dict[str, npt.NDArray[Any]]]:
        return {
            "object_rows": self._object_rows(said),
            "ref_rows": self._ref_rows(bool(said.tables & {"refs", "ref_rows"})),
            "type_rows": self._type_rows(),
            "text_rows": self._text_rows(bool(said.tables & {"texts", "text_rows"})),
            "site_rows": site_rows(self._snapshot),
        }

    def _object_rows(self, said: _Said) -> dict[str, npt.NDArray[Any]]:
        snapshot = self._snapshot
        count = len(snapshot)
        nothing = _same(0, count)
        passes = said.sees("retained", "dominator", "biggest")
        counts = said.sees("unexplained")
        by_node = {
            "node": np.arange(count, dtype=np.uint32),
            "address": snapshot.column("address"),
            "type_node": snapshot.column("type"),
            "layout": snapshot.column("layout"),
            "bytes": snapshot.sizes(),
            "refcount": snapshot.column("refcount"),
            "holds": np.diff(snapshot.column("edge_start")).astype(np.uint32),
            "unexplained": unexplained(snapshot) if counts else nothing.view(np.int32),
            "retained": self._analysis.retained() if passes else nothing.astype(np.uint64),
            "dominator": self._analysis.dominators() if passes else nothing,
            "tick": _stamp(snapshot, "tick"),
            "site": _stamp(snapshot, "site"),
        }
        return {name: column[1:] for name, column in by_node.items()}

    def _ref_rows(self, wanted: bool) -> dict[str, npt.NDArray[Any]]:
        if not wanted:
            none = np.empty(0, np.uint32)
            return {"source": none, "target": none, "position": none}
        starts = self._snapshot.column("edge_start")
        counts = np.diff(starts).astype(np.int64)
        source = np.repeat(np.arange(len(counts), dtype=np.uint32), counts)
        position = np.arange(len(source), dtype=np.uint32) - starts[:-1].astype(np.uint32)[source]
        return {"source": source, "target": self._snapshot.column("targets"), "position": position}

    def _type_rows(self) -> dict[str, npt.NDArray[Any]]:
        rows = list(self._snapshot.types.values())
        return {
            "node": np.array([row.node for row in rows], np.uint32),
            "type": np.array([row.name for row in rows], object),
            "instance_bytes": np.array([row.basic_bytes for row in rows], np.uint32),
        }

    def _text_rows(self, wanted: bool) -> dict[str, npt.NDArray[Any]]:
        texts = self._snapshot.texts if wanted else {}
        return {
            "node": np.fromiter(texts.keys(), np.uint32, len(texts)),
            "text": np.array(list(texts.values()), object),
        }


def unexplained(snapshot: Snapshot) -> npt.NDArray[np.int32]:
    """References that a node counts and no node holds; meaningless where the count is."""
    found = np.bincount(snapshot.column("targets"), minlength=len(snapshot))
    return (snapshot.column("refcount").astype(np.int64) - found).astype(np.int32)


def site_rows(snapshot: Snapshot) -> dict[str, npt.NDArray[Any]]:
    """Number, file, line, function and the caller's number of each site; empty without stamps."""
    files: list[str] = []
    functions: list[str] = []
    rows = np.empty((0, 4), np.uint32)
    if "site_rows" in snapshot.container.names and "site_text_bytes" in snapshot.container.names:
        rows = snapshot.column("site_rows").reshape(-1, 4)
        words = snapshot._texts("site_text", len(snapshot.column("site_text_ends")))
        files = [words[at] if at < len(words) else "" for at in rows[:, 1].tolist()]
        functions = [words[at] if at < len(words) else "" for at in rows[:, 2].tolist()]
    return {
        "site": np.arange(len(rows), dtype=np.uint32),
        "file": np.array(files, object),
        "line": rows[:, 0].astype(np.uint32),
        "function": np.array(functions, object),
        "caller": rows[:, 3].astype(np.uint32),
    }


def _stamp(snapshot: Snapshot, name: str) -> npt.NDArray[Any]:
    """A column of the stamps; zeros where nobody stamped."""
    return snapshot.column(name) if name in snapshot.container.names else _same(0, len(snapshot))


def _same(value: int, count: int) -> npt.NDArray[np.uint32]:
    return np.full(count, value, np.uint32)


@dataclass(frozen=True)
class _Said:
    """What a statement says: all names in lower case, those of tables, and whether columns may be meant unnamed."""

    names: frozenset[str]
    tables: frozenset[str]
    unnamed: bool

    def sees(self, *names: str) -> bool:
        """Whether it can look at one of these columns of `objects`, or at a view that shows one."""
        every_column = self.unnamed and bool(self.tables & {"objects", "object_rows"})
        return every_column or bool(self.names & set(names))


def _said(tree: Any) -> _Said:
    """By the parser's own tree. A star, or a table named where a column could stand, means columns without a name."""
    names: set[str] = set()
    tables: set[str] = set()
    aliases: set[str] = set()
    alone: set[str] = set()
    star = False
    rest = [tree]
    while rest:
        part = rest.pop()
        if isinstance(part, list):
            rest.extend(part)
        elif isinstance(part, str):
            names.add(part.lower())
        elif isinstance(part, dict):
            star = star or part.get("class") == "STAR"
            if "table_name" in part:
                tables.add(str(part["table_name"]).lower())
                aliases.add(str(part.get("alias", "")).lower())
            if len(part.get("column_names") or ()) == 1:
                alone.add(str(part["column_names"][0]).lower())
            rest.extend(part.values())
    return _Said(frozenset(names), frozenset(tables), star or bool(alone & (tables | aliases)))


class _Texts:
    """Labels and paths for the rows of one statement, up to a bound. DuckDB wants functions of fixed arity.

    DuckDB turns what is raised here into an error of its own; `trouble` keeps the real one.
    """

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._left = LABELS_MAX
        self.trouble: Exception | None = None

    def label(self, source: int, position: int) -> str:
        return self._text(self._analysis.label, source, position)

    def path(self, node: int) -> str:
        return self._text(self._analysis.path, node)

    def _text(self, text_of: Callable[..., str], *numbers: int) -> str:
        self._left -= 1
        try:
            if self._left < 0:
                raise UsageError(
                    f"the query wants more than {LABELS_MAX:,} labels or paths",
                    why="they are made one at a time",
                    hint="label(source, position) or path(node) in the outermost SELECT, after WHERE, JOIN and LIMIT",
                )
            return text_of(*numbers)
        except Exception as error:
            self.trouble = error
            raise


def _duckdb() -> Any:
    """The optional package, or an error that says how to get it."""
    try:
        import duckdb
    except ImportError:
        raise OutliveError("queries need DuckDB, which is not installed", hint="pip install 'outlive[query]'") from None
    return duckdb
