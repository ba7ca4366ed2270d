"""Suppressions of Valgrind and of LeakSanitizer hide what they mean, and nothing that they cannot be held against."""

from __future__ import annotations

import pytest
from sampled import read_bytes, reports

from outlive.imports.concluding import conclude
from outlive.imports.suppressions import Suppressions
from outlive.model.imported import ImportReport
from outlive.model.verdict import Verdict


def block(*calls: str, kinds: str = "Memcheck:Leak", losses: str = "") -> str:
    match = [f"match-leak-kinds: {losses}"] if losses else []
    return "\n".join(["{", "  known", f"  {kinds}", *(f"  {one}" for one in (*match, *calls)), "}"])


def suppressions(text: str) -> Suppressions:
    found = read_bytes(text.encode(), "known.supp")
    assert isinstance(found, Suppressions)
    return found


def told(sample: str, text: str) -> ImportReport:
    return conclude(reports(sample), [suppressions(text)])


HIDING = [
    ("valgrind_leak.xml", block("fun:malloc", "fun:make_chain", "...")),
    ("valgrind_leak.xml", block("...", "fun:make_*", "...", "fun:main")),
    ("valgrind_leak.xml", block("fun:malloc", "obj:*/leak_plain", losses="definite,indirect")),
    ("valgrind_leak.xml", block("...", "src:leak.c:10", losses="all") + "\n" + block("...", "src:leak.c:11")),
    ("valgrind_leak.xml", "leak:drop\n"),
    ("lsan.txt", "# known\nleak:^make_chain$\n"),
    ("lsan.txt", "leak:demo/leak.c\n"),
]
INNOCENT = [
    ("valgrind_leak.xml", block("fun:make_chain")),
    ("valgrind_leak.xml", block("...", "fun:make_chain", losses="reachable")),
    ("valgrind_leak.xml", block("...", "fun:make_chain", kinds="Memcheck:Cond")),
    ("valgrind_leak.xml", block("...", "fun:make_chain", kinds="Helgrind:Race")),
    ("lsan.txt", "leak:^chain\n"),
    ("lsan.txt", block("...", "obj:*/demo/*")),
]


@pytest.mark.parametrize(("sample", "text"), HIDING)
def test_suppression_hides_the_leak_that_it_means(sample: str, text: str) -> None:
    report = told(sample, text)
    assert report.verdict is not Verdict.LEAK
    assert report.set_aside
    assert {one.hidden_by for one in report.set_aside} <= {"known", text.strip().splitlines()[-1]}


@pytest.mark.parametrize(("sample", "text"), INNOCENT)
def test_suppression_hides_nothing_else(sample: str, text: str) -> None:
    report = told(sample, text)
    assert report.verdict is Verdict.LEAK
    assert not any(one.is_leak for one in report.set_aside)


def test_suppression_that_hid_nothing_is_noted() -> None:
    notes = [one.text for one in told("lsan.txt", "leak:nothing\nleak:drop\n").notes]
    assert notes == ["known.supp: 1 of 2 entries hid nothing here"]


def test_block_that_is_cut_hides_nothing_and_is_said() -> None:
    found = suppressions(block("fun:malloc")[:-1])
    assert (found.entries, found.troubles) == ([], ["its last block is cut"])


def test_what_is_hidden_is_no_proof_that_nothing_leaks() -> None:
    assert told("lsan.txt", "leak:drop\n").verdict is Verdict.COULD_NOT_TELL


def test_pattern_of_many_stars_costs_no_time() -> None:
    assert told("lsan.txt", f"leak:{'*a' * 300}b\n").verdict is Verdict.LEAK
