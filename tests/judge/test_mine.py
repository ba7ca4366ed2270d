"""`--mine`: what others hold and made is noted, not accused."""

from __future__ import annotations

from outlive.judge.conclusion import Conclusion
from outlive.judge.mine import is_of, only_mine
from outlive.model.explanation import Explanation, Hop, Owner, OwnerKind, Site
from outlive.model.verdict import Finding, Outcome, Rate, Verdict

ONCE = Rate(1.0, 1.0, 1.0)
LIBRARY = Explanation(
    "kept", owner=Owner(OwnerKind.LIBRARY, "blinker", "1.8"), site=Site("/lib/blinker/base.py", 3, "f")
)
LEAK = Conclusion(Verdict.LEAK, "it grows", Outcome.FINISHED, (), (), (), {})


def finding(why: Explanation | None) -> Finding:
    return Finding("python-object", "app.X", ONCE, ONCE, (), "f", explanation=why)


def test_a_librarys_finding_is_a_note_and_no_leak_of_mine() -> None:
    verdict, reason, findings, notes = only_mine(LEAK, [finding(LIBRARY)], ["app"])
    assert (verdict, findings) == (Verdict.NO_LEAK, ())
    assert "app" in reason
    assert notes[0].slug == "not-mine"
    assert "blinker 1.8" in notes[0].text


def test_what_my_package_made_is_mine_though_a_library_holds_it() -> None:
    made = Explanation(
        "kept", owner=LIBRARY.owner, site=Site("/lib/x.py", 3, "f", callers=(Site("/srv/app/api.py", 9, "g"),))
    )
    assert is_of(made, ["app"])
    assert not is_of(made, ["ap"])


def test_what_my_package_holds_is_mine() -> None:
    assert is_of(Explanation("kept", owner=Owner(OwnerKind.YOURS, "app")), ["app"])
    assert is_of(Explanation("kept", path=(Hop("app.sessions", "app.sessions", "dict"),)), ["app"])


def test_a_finding_that_nobody_could_explain_stays() -> None:
    verdict, _, findings, notes = only_mine(LEAK, [finding(None)], ["app"])
    assert (verdict, len(findings), notes) == (Verdict.LEAK, 1, ())


def test_without_packages_everything_stays() -> None:
    assert only_mine(LEAK, [finding(LIBRARY)], [])[2] == (finding(LIBRARY),)
