"""`--mine PACKAGE`: findings that neither hang on these packages nor were made by them are noted, not accused. Pure.

What nobody can tell stays: a descriptor without an owner may be anybody's, and so may be yours.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from outlive.explain.owner import frames_of
from outlive.explain.packages import is_mine, owner_of_file
from outlive.judge.conclusion import Conclusion
from outlive.model.explanation import Explanation, Owner, OwnerKind
from outlive.model.packages import Packages
from outlive.model.verdict import Finding, Note, Verdict


def only_mine(
    conclusion: Conclusion, findings: Sequence[Finding], names: Collection[str], packages: Packages
) -> tuple[Verdict, str, tuple[Finding, ...], tuple[Note, ...]]:
    """Verdict, reason, findings and notes, with what is none of `names`' set aside; all as it was without names."""
    if not names or not findings:
        return conclusion.verdict, conclusion.reason, tuple(findings), ()
    mine = tuple(one for one in findings if is_of(one.explanation, names, packages))
    others = [one for one in findings if one not in mine]
    notes = tuple(Note("not-mine", f"{one.type or one.kind} leaks, {_whose(one.explanation)}") for one in others)
    if mine or not others:
        return conclusion.verdict, conclusion.reason, mine, notes
    return Verdict.NO_LEAK, f"nothing that {', '.join(sorted(names))} holds or made stays behind", (), notes


def is_of(why: Explanation | None, names: Collection[str], packages: Packages) -> bool:
    """Whether one of the packages holds it, made it, or called what made it; True where nobody can tell."""
    if why is None:
        return True
    callers = [owner_of_file(site.file, packages) for site in frames_of(why.site)] if why.site else []
    known = [one for one in (why.owner, why.made_by, *callers) if one.kind is not OwnerKind.UNKNOWN]
    return not known or is_mine(why, packages, names) or any(one.name in names for one in callers)


def _whose(why: Explanation | None) -> str:
    owner = why.owner if why is not None else Owner(OwnerKind.UNKNOWN)
    name = " ".join(part for part in (owner.name, owner.version) if part)
    return f"held by {name}" if name else f"held by the {owner.kind.value}"
