"""`--mine`: what others hold and made is noted, not accused; what nobody can tell stays."""

from __future__ import annotations

from outlive.explain.mine import is_of, only_mine
from outlive.judge.conclusion import Conclusion
from outlive.model.explanation import Explanation, Owner, OwnerKind, Site
from outlive.model.packages import Packages
from outlive.model.verdict import Finding, Outcome, Rate, Verdict

ONCE = Rate(1.0, 1.0, 1.0)
BLINKER = Owner(OwnerKind.LIBRARY, "blinker", "1.8")
LIBRARY = Explanation("kept", owner=BLINKER, made_by=BLINKER)
LEAK = Conclusion(Verdict.LEAK, "it grows", Outcome.FINISHED, (), (), (), {})
HERE = Packages(own_modules=frozenset({"app"}), own_folders=("/srv/shop",))


def finding(why: Explanation | None) -> Finding:
    return Finding("python-object", "app.X", ONCE, ONCE, (), "f", explanation=why)


def test_a_librarys_finding_is_a_note_and_no_leak_of_mine() -> None:
    verdict, reason, findings, notes = only_mine(LEAK, [finding(LIBRARY)], ["app"], HERE)
    assert (verdict, findings) == (Verdict.NO_LEAK, ())
    assert "app" in reason
    assert notes[0].slug == "not-mine"
    assert "blinker 1.8" in notes[0].text


def test_what_my_package_called_is_mine_though_a_library_made_and_holds_it() -> None:
    site = Site("/lib/x.py", 3, "f", callers=(Site("/srv/shop/app/api.py", 9, "g"),))
    assert is_of(Explanation("kept", owner=BLINKER, made_by=BLINKER, site=site), ["app"], HERE)


def test_a_folder_above_the_package_is_not_the_package() -> None:
    site = Site("/srv/shop/app/api.py", 9, "g")
    assert not is_of(Explanation("kept", owner=BLINKER, made_by=BLINKER, site=site), ["shop"], HERE)


def test_what_my_package_holds_is_mine() -> None:
    assert is_of(Explanation("kept", owner=Owner(OwnerKind.YOURS, "app")), ["app"], HERE)


def test_what_nobody_owns_stays() -> None:
    for why in (None, Explanation("Nobody closes the pipes.")):
        verdict, _, findings, notes = only_mine(LEAK, [finding(why)], ["app"], HERE)
        assert (verdict, len(findings), notes) == (Verdict.LEAK, 1, ())


def test_without_packages_everything_stays() -> None:
    assert only_mine(LEAK, [finding(LIBRARY)], [], HERE)[2] == (finding(LIBRARY),)
