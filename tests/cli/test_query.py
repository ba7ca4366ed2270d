"""`outlive query`: rows of a snapshot in SQL, and nothing but a snapshot."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from pathlib import Path

import pytest

from outlive.cli.main import main

pytestmark = pytest.mark.slow  # they share snapshots of real processes, and each verb makes its passes

pytest.importorskip("duckdb")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "query-tables.md"
EXAMPLES = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture
def ask(heaps: Path, capsys: pytest.CaptureFixture[str]):
    """Asks the stamped snapshot; returns (exit code, stdout, stderr)."""

    def asked(sql: str, *words: str, file: str = "stamped.outlive") -> tuple[int, str, str]:
        code = main(["query", str(heaps / file), sql, *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return asked


def rows(text: str) -> list[list[object]]:
    assert text
    answer = json.loads(text)
    assert answer["schema"] == "outlive.query/1"
    return answer["rows"]


def test_objects_have_type_bytes_and_counts(ask) -> None:
    _, said, _ = ask("SELECT count(*), min(bytes) > 0 FROM objects WHERE type = '__main__.Session'", "--json")
    assert rows(said) == [[21, True]]


def test_references_have_labels_as_a_person_writes_them(ask) -> None:
    sql = """SELECT label(source, position) AS label FROM refs JOIN objects AS held ON target = held.node
             JOIN objects AS holder ON source = holder.node
             WHERE held.type = '__main__.Session' AND holder.type = 'dict' ORDER BY label LIMIT 2"""
    assert rows(ask(sql, "--json")[1]) == [["['u0']"], ["['u1']"]]


def test_path_is_the_expression_that_leads_there(ask) -> None:
    _, said, _ = ask("SELECT path(node) AS p FROM objects WHERE type = '__main__.Session' ORDER BY p LIMIT 1", "--json")
    assert rows(said) == [["__main__.sessions['u0']"]]


def test_biggest_is_ordered_by_what_it_keeps(ask) -> None:
    _, said, _ = ask("SELECT retained FROM biggest LIMIT 5", "--json")
    sizes = [row[0] for row in rows(said)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 100_000


def test_retained_is_there_however_it_is_asked_for(ask) -> None:
    of_star = rows(ask("SELECT max(r.retained) FROM (FROM objects) AS r", "--json")[1])
    named = rows(ask("SELECT max(retained) FROM objects", "--json")[1])
    struct = rows(ask("SELECT max(o.retained) FROM (SELECT unnest(objects) FROM objects) AS o", "--json")[1])
    assert of_star == named == struct
    assert named[0][0] > 0


def test_sites_name_the_line_that_made_an_object(ask) -> None:
    sql = """SELECT DISTINCT sites.function, sites.line FROM objects JOIN sites USING (site)
             WHERE type = '__main__.Session'"""
    line = (Path(__file__).parent / "conftest.py").read_text().split('PROGRAM = """\\\n')[1].splitlines()
    assert rows(ask(sql, "--json")[1]) == [["handle", 1 + line.index('    sessions[f"u{number}"] = Session()')]]


def test_stamps_that_were_not_kept_are_null(ask) -> None:
    sql = "SELECT count(tick), count(site), (SELECT count(*) FROM sites) FROM objects"
    assert rows(ask(sql, "--json", file="a.outlive")[1]) == [[0, 0, 0]]


def test_csv_has_a_line_of_names(ask) -> None:
    _, said, _ = ask("SELECT type, objects FROM by_type WHERE type = '__main__.Passing'", "--csv")
    assert list(csv.reader(io.StringIO(said))) == [["type", "objects"], ["__main__.Passing", "1"]]


def test_text_table_is_cut_and_says_so(ask) -> None:
    code, said, _ = ask("SELECT node FROM objects ORDER BY node", "--limit", "2")
    assert code == 0
    assert said == "node\n   1\n   2\nfirst 2 rows; --limit N shows more, --csv and --json show all\n"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "COPY objects TO '/tmp/objects.csv'",
        "ATTACH '/tmp/other.db'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "CREATE TABLE mine (a INT)",
        "DELETE FROM objects",
        "SELECT 1; SELECT 2",
        "SELECT nothing FROM objects",
        "SELEC",
        "",
    ],
)
def test_statement_that_reads_no_table_of_ours_is_wrong_usage(ask, sql: str) -> None:
    code, said, complaint = ask(sql)
    assert code == 2
    assert said == ""
    assert complaint.startswith("outlive: the query")


def test_labels_by_the_million_are_refused(ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outlive.capture.tables.LABELS_MAX", 10)
    code, _, complaint = ask("SELECT label, count(*) FROM refs GROUP BY label")
    assert code == 2
    assert "more than 10 labels" in complaint


@pytest.mark.parametrize("sql", EXAMPLES, ids=[example.split("\n")[0][:40] for example in EXAMPLES])
def test_every_example_in_the_docs_runs_and_makes_few_labels(ask, sql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outlive.capture.tables.LABELS_MAX", 500)
    code, said, complaint = ask(sql)
    assert (code, complaint) == (0, "")
    assert said


def test_docs_list_every_column_there_is(ask) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for table in ("objects", "refs", "types", "sites", "texts", "by_type", "biggest", "unexplained"):
        section = text.split(f"\n## {table}\n")[1].split("\n## ")[0]
        documented = re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)
        assert documented == [row[0] for row in rows(ask(f"DESCRIBE {table}", "--json")[1])]


def test_missing_duckdb_is_said_with_the_line_that_installs_it(ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    code, _, complaint = ask("SELECT 1")
    assert code == 2
    assert "pip install 'outlive[query]'" in complaint
