"""The tutorials do what they say: files are written, commands run and words compared, in the order of each page.

Each fenced block of the page has a mark in the comment before it:

    <!-- file: NAME -->      write the block to this file
    <!-- change: NAME -->    replace the functions and classes of this file that the block defines
    <!-- run: exit N -->     run each line in a shell; the last one's exit code is N, the others' 0
    <!-- says -->            the lines stand in this order in what the commands before printed
    <!-- not run -->         for readers only: what installs

In lines that are compared "…" stands for anything, and alone on a line for any lines. README.md has other blocks as
well; of its marked ones the same holds, in the root of the repository.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIRST_LEAK, FIRST_LIFETIME = (ROOT / "docs" / "tutorial" / name for name in ("first-leak.md", "first-lifetime.md"))
BLOCK = re.compile(r"(?:^<!-- ([^\n]+?) -->\n)?^```\w*\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A marked block: what is done with it, to which file or with which exit code, and its text."""

    verb: str
    object: str
    text: str


def blocks_of(page: str) -> list[Block]:
    """The blocks in order. Raises ValueError for one that bears no mark known here."""
    found = []
    for mark, text in BLOCK.findall(page):
        verb, _, its_object = mark.partition(": ")
        if verb not in ("file", "change", "run", "says", "not run"):
            raise ValueError(f"a block without a mark: {text[:60]!r}")
        found.append(Block(verb, its_object, text))
    return found


def marked_blocks_of(page: str) -> list[Block]:
    """Of a page on which not all blocks bear a mark."""
    return [
        block
        for mark, text in BLOCK.findall(page)
        if mark.startswith(("run: ", "says"))
        for block in blocks_of(f"<!-- {mark} -->\n```\n{text}```\n")
    ]


def changed(source: str, change: str) -> str:
    """`source` with the functions and classes that `change` defines in the place of those of the same name."""
    new = {node.name: ast.get_source_segment(change, node) or "" for node in _definitions(change)}
    lines = source.splitlines()
    for node in reversed(_definitions(source)):
        if node.name in new:
            lines[node.lineno - 1 : node.end_lineno] = new.pop(node.name).splitlines()
    if new:
        raise ValueError(f"changes what is not there: {sorted(new)}")
    return "\n".join(lines) + "\n"


def _definitions(source: str) -> list[ast.FunctionDef | ast.ClassDef]:
    return [node for node in ast.parse(source).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]


def first_missing(expected: str, printed: str) -> str | None:
    """The first expected line that does not stand where it should; None when all do."""
    lines, at, may_skip = printed.splitlines(), 0, True
    for wanted in expected.splitlines():
        if wanted.strip() == "…":
            may_skip = True
            continue
        pattern = re.compile(".*".join(map(re.escape, wanted.rstrip().split("…"))))
        places = range(at, len(lines)) if may_skip else range(at, min(at + 1, len(lines)))
        place = next((one for one in places if pattern.fullmatch(lines[one].rstrip())), None)
        if place is None:
            return wanted
        at, may_skip = place + 1, False
    return None


@dataclass
class Follower:
    """A reader who does what the page says, in a folder and a home of their own."""

    folder: Path
    home: Path
    printed: str = ""

    def follow(self, block: Block) -> None:
        if block.verb == "file":
            (self.folder / block.object).write_text(block.text, encoding="utf-8")
        elif block.verb == "change":
            file = self.folder / block.object
            file.write_text(changed(file.read_text(encoding="utf-8"), block.text), encoding="utf-8")
        elif block.verb == "run":
            self.run(block.text.splitlines(), int(block.object.removeprefix("exit ")))
        elif block.verb == "says":
            assert first_missing(block.text, self.printed) is None, f"expected\n{block.text}\nin\n{self.printed}"

    def run(self, commands: list[str], last_code: int) -> None:
        self.printed = ""
        for number, command in enumerate((line.removeprefix("$ ") for line in commands), start=1):
            done = subprocess.run(
                command, shell=True, cwd=self.folder, env=self.environment(), text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
            )  # fmt: skip
            self.printed += done.stdout
            assert done.returncode == (last_code if number == len(commands) else 0), f"{command}\n{done.stdout}"

    def environment(self) -> dict[str, str]:
        """As a shell in which the environment is activated; nothing of the pytest that runs us."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
        binaries = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        return {**kept, "PATH": binaries, "HOME": str(self.home), "XDG_STATE_HOME": str(self.home / "state")}


@pytest.fixture
def reader(tmp_path: Path) -> Follower:
    one = Follower(tmp_path / "work", tmp_path / "home")
    one.folder.mkdir()
    one.home.mkdir()
    return one


@pytest.mark.any_python
@pytest.mark.slow
def test_first_leak_works_as_it_is_written(reader: Follower) -> None:
    for block in blocks_of(FIRST_LEAK.read_text(encoding="utf-8")):
        reader.follow(block)
    assert (reader.folder / "report.html").stat().st_size > 1000


@pytest.mark.any_python
@pytest.mark.slow
def test_first_lifetime_works_as_it_is_written(reader: Follower) -> None:
    for block in blocks_of(FIRST_LIFETIME.read_text(encoding="utf-8")):
        reader.follow(block)


def test_example_of_a_late_session_is_the_one_that_the_tutorial_begins_with() -> None:
    written = {block.object: block.text for block in blocks_of(FIRST_LIFETIME.read_text(encoding="utf-8"))[:2]}
    files = (ROOT / "examples" / "late_session").glob("*.py")
    assert written == {file.name: file.read_text(encoding="utf-8") for file in files}


@pytest.mark.any_python
@pytest.mark.slow
def test_readme_shows_what_outlive_run_says(reader: Follower) -> None:
    reader.folder = ROOT
    marked = marked_blocks_of((ROOT / "README.md").read_text(encoding="utf-8"))
    assert [block.verb for block in marked] == ["run", "says"]
    for block in marked:
        reader.follow(block)


def test_block_without_a_mark_is_an_error() -> None:
    assert blocks_of("<!-- file: a.py -->\n```python\nx = 1\n```\n") == [Block("file", "a.py", "x = 1\n")]
    with pytest.raises(ValueError, match="without a mark"):
        blocks_of("```console\noutlive check a.py\n```\n")


def test_change_replaces_what_it_defines_and_leaves_the_rest() -> None:
    source = "LIMIT = 3\n\n\ndef old():\n    return LIMIT\n\n\ndef other():\n    return 2\n"
    assert changed(source, "def old():\n    return 4\n") == source.replace("return LIMIT", "return 4")


def test_change_of_something_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="not there"):
        changed("x = 1\n", "def missing():\n    pass\n")


@pytest.mark.parametrize(
    ("expected", "missing"),
    [
        ("b 2", None),
        ("b …", None),
        ("a 1\nb …", None),
        ("a 1\n…\nd 4", None),
        ("b", "b"),
        ("a 1\nc 3", "c 3"),
        ("d …\na 1", "a 1"),
        ("a 1\n…\ne …", "e …"),
    ],
)
def test_line_is_missed_unless_it_stands_there_whole_and_in_order(expected: str, missing: str | None) -> None:
    assert first_missing(expected, "a 1\nb 2\nc 3\nd 4\n") == missing
