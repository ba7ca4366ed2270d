"""What a check's result becomes once native memory was looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outlive.explain.context import Context
from outlive.explain.kept_blocks import Holder, KeptPile
from outlive.explain.lost_blocks import LostPile
from outlive.explain.native_findings import NativeSeen, is_unexplained, with_native_memory
from outlive.explain.native_origin import Origin
from outlive.judge.growth import Judgement, State
from outlive.model.explanation import Explanation, NativeFrame, Site
from outlive.model.native_blocks import HolderKind
from outlive.model.packages import Distribution, Packages
from outlive.model.verdict import CheckResult, Evidence, Finding, Outcome, Rate, Verdict

LIBRARIES = "/venv/site-packages"
PACKAGES = Packages(
    own_modules=frozenset({"app"}),
    own_folders=("/home/app",),
    distributions={"parser": Distribution("parser", "1.2")},
    library_folders=(LIBRARIES,),
)
CONTEXT = Context(packages=PACKAGES, own_modules=frozenset({"app"}), kind="native")
CLEAN = CheckResult("app.py", Verdict.NO_LEAK, "nothing grows", Outcome.FINISHED)
PARSE = NativeFrame(f"{LIBRARIES}/parser/_parser.so", 0x1234, "parse_body")
LINE = Site("/home/app/app.py", 12, "step")


def lost(frame: NativeFrame | None = PARSE, site: Site | None = LINE, size: float = 100) -> LostPile:
    count, in_bytes = Rate(2, 1.9, 2.1), Rate(2 * size, 1.9 * size, 2.1 * size)
    frames = (frame,) if frame is not None else ()
    judged = Judgement(State.LEAK, "", count, 7e4, 19, 0, 300, 50, 400)
    return LostPile(Origin(frames, frame, site), count, in_bytes, size, 400, (200, 400, 600), judged)


def kept(holder: Holder, size: float = 100) -> KeptPile:
    return KeptPile(Origin((PARSE,), PARSE, LINE), 1.0, size, size, 16, holder)


def grown(size: float, why: Explanation | None = None) -> Finding:
    rate = Rate(size, size, size)
    rows = (Evidence("native", "", rate, 900, 0, 9000, 19, 0, 7e4, "bytes"),)
    return Finding("native", "", Rate(0, 0, 0), rate, rows, "f", "", (), why)


def told(result: CheckResult, *seen: LostPile | KeptPile, **settings: tuple[str, ...]) -> CheckResult:
    losses = tuple(one for one in seen if isinstance(one, LostPile))
    keeps = tuple(one for one in seen if isinstance(one, KeptPile))
    return with_native_memory(result, NativeSeen(900, losses, keeps, whole=True), CONTEXT, **settings)


def leaky(finding: Finding) -> CheckResult:
    return replace(CLEAN, verdict=Verdict.LEAK, findings=(finding,))


def test_a_loss_makes_a_clean_result_a_leak() -> None:
    result = told(CLEAN, lost())
    assert result.verdict is Verdict.LEAK
    (finding,) = result.findings
    assert (finding.kind, finding.count.per_step, finding.bytes.per_step) == ("native", 2, 200)
    assert [row.counter for row in finding.evidence] == ["blocks lost"]


def test_its_sentence_names_function_package_line_size_and_the_three_looks() -> None:
    why = told(CLEAN, lost()).findings[0].explanation
    assert why is not None
    assert why.sentence == (
        "parse_body() of parser, called from app.py:12 in step, takes a block of 100 bytes each time and loses it. "
        "No pointer to it is left anywhere, so nobody can free it: 200, 400 and 600 in three looks."
    )


def test_a_function_without_a_name_is_told_as_such() -> None:
    unsure = replace(PARSE, function="shown", certain=False)
    why = told(CLEAN, lost(unsure)).findings[0].explanation
    assert why is not None
    assert why.sentence.startswith("A function without a name (behind shown) of parser, called from app.py:12 in step,")


def test_what_no_line_of_python_called_is_told_as_such() -> None:
    why = told(CLEAN, lost(None, None)).findings[0].explanation
    assert why is not None
    assert why.sentence.startswith("Native code, called from no line of Python, takes a block")


def test_nothing_seen_changes_nothing() -> None:
    assert told(CLEAN) == CLEAN


@pytest.mark.parametrize("word", ["blocks lost", "native"])
def test_an_allowed_loss_is_a_note(word: str) -> None:
    result = told(CLEAN, lost(), allow=(word,))
    assert result.verdict is Verdict.NO_LEAK
    assert [note.slug for note in result.notes] == ["allowed"]


def test_a_loss_that_is_none_of_mine_is_a_note() -> None:
    result = told(CLEAN, lost(site=None), mine=("app",))
    assert result.verdict is Verdict.NO_LEAK
    assert [note.slug for note in result.notes] == ["not-mine"]


def test_growth_gets_its_cause_its_count_and_its_exact_size() -> None:
    (finding,) = told(leaky(grown(256)), lost()).findings
    assert (finding.count.per_step, finding.bytes.per_step) == (2, 200)
    assert [row.counter for row in (*finding.evidence, *finding.with_it)] == ["native", "blocks lost"]


def test_a_loss_that_is_too_small_for_the_growth_is_another_mistake() -> None:
    first, second = told(leaky(grown(100_000)), lost()).findings
    assert is_unexplained(first)
    assert second.explanation is not None


def test_growth_that_is_kept_by_a_variable_names_it() -> None:
    (finding,) = told(leaky(grown(100)), kept(Holder(HolderKind.GLOBAL, "cache of _parser.so"))).findings
    assert finding.explanation is not None
    assert finding.explanation.sentence == (
        "parse_body() of parser, called from app.py:12 in step, takes a block of 100 bytes each time, and they stay; "
        "each is held from cache of _parser.so."
    )


def test_growth_whose_holder_is_not_known_says_so() -> None:
    (finding,) = told(leaky(grown(100)), kept(Holder(HolderKind.NONE))).findings
    assert finding.explanation is not None
    assert finding.explanation.sentence.endswith("who holds them is not known.")


def test_what_is_kept_accuses_nobody() -> None:
    assert told(CLEAN, kept(Holder(HolderKind.GLOBAL, "cache of _parser.so"))) == CLEAN


def test_growth_that_no_block_accounts_for_is_said_to_be_such() -> None:
    result = told(leaky(grown(5000)))
    assert result.findings == (grown(5000),)
    assert "no block of the C library's allocator" in result.notes[0].text


def test_what_a_finding_tells_already_is_not_told_twice() -> None:
    known = grown(200, Explanation("parse_body() takes it", site=LINE))
    assert told(leaky(known), lost()).findings == (known,)
    objects = Finding("python-object", "app.Session", Rate(1, 1, 1), Rate(0, 0, 0), (), "g", "", (),
                      Explanation("app.KEPT keeps each", site=LINE))  # fmt: skip
    assert len(told(leaky(objects), lost()).findings) == 2
