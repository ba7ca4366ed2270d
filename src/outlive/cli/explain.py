"""`outlive explain [ID]`: the page of a pattern, of a library's known leak, or of an error.

Prints what the catalogue holds; knows none of it.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from outlive.cli import exit_codes
from outlive.cli.console import say
from outlive.errors import OutliveError, UsageError

if TYPE_CHECKING:
    from outlive.catalogue.entries import Entry

SUMMARY = "Explain a pattern of leaks, a library's known leak or an error, by its id."
EXAMPLES = """\
outlive explain                        # every id, with its title
outlive explain lru-cache-on-method    # what it is, why it is bad, what to do instead
outlive explain usage                  # what kind of error that is
outlive explain --json | jq '.entries[].id'
"""
_SCHEMA = "outlive.explain/1"


def configure(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the arguments of this verb."""
    parser.add_argument("id", nargs="?", metavar="ID", help="a pattern, a known leak or an error; without it, all ids")
    parser.add_argument("--json", action="store_true", help="print JSON (schema outlive.explain/1)")


def run(args: argparse.Namespace) -> int:
    """Print the page or the list; UsageError for an id that nothing has."""
    if args.id is None:
        say(_all_as_json() if args.json else _all_ids())
    else:
        say(_one_as_json(args.id) if args.json else _page(args.id))
    return exit_codes.NOTHING_FOUND


def _page(entry_id: str) -> str:
    from outlive.catalogue import pages
    from outlive.catalogue.entries import entry

    found = entry(entry_id)
    if found is not None:
        return pages.terminal(found)
    return _error_page(_error(entry_id))


def _one_as_json(entry_id: str) -> str:
    from outlive.catalogue import pages
    from outlive.catalogue.entries import entry

    found = entry(entry_id)
    one = pages.as_json(found) if found is not None else _error_as_json(_error(entry_id))
    return json.dumps({"schema": _SCHEMA, "entries": [one]}, indent=2)


def _all_as_json() -> str:
    from outlive.catalogue import pages
    from outlive.catalogue.entries import entries

    listed = [pages.as_json(one) for one in entries()]
    listed += [_error_as_json(error) for error in _errors().values()]
    return json.dumps({"schema": _SCHEMA, "entries": listed}, indent=2)


def _all_ids() -> str:
    from outlive.catalogue.entries import known_leaks, patterns

    errors = [(slug, _first_line(error)) for slug, error in _errors().items()]
    parts = [
        _listed("Patterns", [_titled(one) for one in patterns()]),
        _listed("Known leaks of Python and of libraries", [_titled(one) for one in known_leaks()]),
        _listed("Errors", errors),
        "outlive explain ID   prints the page",
    ]
    return "\n\n".join(parts)


def _titled(entry: Entry) -> tuple[str, str]:
    return entry.id, entry.title


def _listed(heading: str, rows: list[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "\n".join([heading, *(f"  {name:<{width}}  {title}" for name, title in rows)])


def _errors() -> dict[str, type[OutliveError]]:
    """The errors with a page, by slug: the whole tree, read off the classes."""
    found: dict[str, type[OutliveError]] = {}
    waiting = [OutliveError]
    while waiting:
        error = waiting.pop()
        found.setdefault(error.slug, error)
        waiting += error.__subclasses__()
    return dict(sorted(found.items()))


def _error(slug: str) -> type[OutliveError]:
    errors = _errors()
    if slug not in errors:
        raise UsageError(f"nothing is called {slug!r}", hint=_nearest(slug, [*errors]))
    return errors[slug]


def _error_page(error: type[OutliveError]) -> str:
    return f"{error.slug} · an error, exit code {error.exit_code}\n\n  {_first_line(error)}\n"


def _error_as_json(error: type[OutliveError]) -> dict[str, object]:
    return {"type": "error", "id": error.slug, "title": _first_line(error), "exit_code": error.exit_code}


def _first_line(error: type[OutliveError]) -> str:
    return (error.__doc__ or "").strip().partition("\n")[0]


def _nearest(name: str, errors: list[str]) -> str:
    import difflib

    from outlive.catalogue.entries import entries

    ids = [*(one.id for one in entries()), *errors]
    near = difflib.get_close_matches(name, ids, n=3, cutoff=0.5) or [one for one in ids if name.lower() in one][:3]
    return "   or   ".join(f"outlive explain {one}" for one in near) or "outlive explain   lists all ids"
