"""`--mine PACKAGE`: findings that neither hang on these packages nor were made by them are noted, not accused. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from outlive.judge.conclusion import Conclusion
from outlive.model.explanation import Explanation, Owner, OwnerKind
from outlive.model.verdict import Finding, Note, Verdict


def only_mine(
    conclusion: Conclusion, findings: Sequence[Finding], packages: Collection[str]
) -> tuple[Verdict, str, tuple[Finding, ...], tuple[Note, ...]]:
    """Verdict, reason, findings and notes, with what is not `packages`' set aside; all as it was without packages.

    A finding that could not be explained stays: nobody knows that it is somebody else's.
    """
    if not packages or not findings:
        return conclusion.verdict, conclusion.reason, tuple(findings), ()
    mine = tuple(one for one in findings if one.explanation is None or is_of(one.explanation, packages))
    others = [one for one in findings if one not in mine]
    notes = tuple(Note("not-mine", f"{one.type or one.kind} leaks, {_whose(one.explanation)}") for one in others)
    if mine or not others:
        return conclusion.verdict, conclusion.reason, mine, notes
    return Verdict.NO_LEAK, f"nothing that {', '.join(sorted(packages))} holds or made stays behind", (), notes


def is_of(why: Explanation, packages: Collection[str]) -> bool:
    """Whether one of the packages holds the faulty reference, or made what hangs on it, or called what made it."""
    wanted = {_plain(name) for name in packages}
    sites = () if why.site is None else (why.site, *why.site.callers)
    if any(_plain(owner.name) in wanted for owner in (why.owner, why.made_by)):
        return True
    return any(part in wanted for site in sites for part in _parts(site.file)) or _begins_in(why, wanted)


def _begins_in(why: Explanation, wanted: Collection[str]) -> bool:
    """Whether the holder path starts in a global of one of the packages."""
    return bool(why.path) and _plain(why.path[0].label.partition(".")[0]) in wanted


def _parts(file: str) -> list[str]:
    return [_plain(part.removesuffix(".py")) for part in file.split("/")]


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")


def _whose(why: Explanation | None) -> str:
    owner = why.owner if why is not None else Owner(OwnerKind.UNKNOWN)
    name = " ".join(part for part in (owner.name, owner.version) if part)
    return f"held by {name}" if name else f"held by the {owner.kind.value}"
