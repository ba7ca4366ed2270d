"""Writes docs/leaks/ from the catalogue: a page for each entry and an index; `--check` fails when they have drifted.

python tools/leak_pages.py            write the pages, and remove those whose entry is gone
python tools/leak_pages.py --check    say whether they are up to date
"""

from __future__ import annotations

import sys
from pathlib import Path

from outlive.catalogue import pages
from outlive.catalogue.entries import known_leaks, patterns

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "leaks"
_MADE = "<!-- Made by tools/leak_pages.py from src/outlive/catalogue/{source}. Edit that, then run it. -->\n\n"
_HEAD = """\
# Leaks, one page each

What `outlive explain ID` prints. Patterns are ways to leak that anybody's program can have; each example is a scenario
that leaks, and what stands under "Do this instead" does not. Known leaks are mistakes of released versions, and
behaviour of libraries that is meant and surprises.
"""


def main(words: list[str]) -> int:
    wanted, present = all_pages(), _present()
    if words == ["--check"]:
        drifted = sorted(name for name in {*wanted, *present} if wanted.get(name) != present.get(name))
        for name in drifted:
            print(f"docs/leaks/{name} differs from the catalogue: run tools/leak_pages.py", file=sys.stderr)
        return 1 if drifted else 0
    FOLDER.mkdir(exist_ok=True)
    for name in set(present) - set(wanted):
        (FOLDER / name).unlink()
    for name, page in wanted.items():
        (FOLDER / name).write_text(page, encoding="utf-8")
    return 0


def all_pages() -> dict[str, str]:
    """Every file of the folder, by name."""
    made = {"README.md": _MADE.format(source="*") + _index()}
    for one in patterns():
        made[f"{one.id}.md"] = _MADE.format(source=f"patterns/{one.id}.toml") + pages.markdown(one)
    for leak in known_leaks():
        made[f"{leak.id}.md"] = _MADE.format(source=f"known/{leak.id}.toml") + pages.markdown(leak)
    return made


def _index() -> str:
    lines = [_HEAD, "## Patterns", "", "| id | what |", "|---|---|"]
    lines += [f"| [{one.id}]({one.id}.md) | {one.title} |" for one in patterns()]
    lines += ["", "## Known leaks", "", "| id | where | what |", "|---|---|---|"]
    lines += [f"| [{one.id}]({one.id}.md) | {pages.versions_in_words(one)} | {one.title} |" for one in known_leaks()]
    return "\n".join(lines) + "\n"


def _present() -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.md")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
