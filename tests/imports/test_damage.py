"""Reports that are cut, changed, mixed or hostile: a partial result that says so, or the room's own error."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sampled import NAMES, SAMPLES, made_of, read_bytes

from outlive.imports import limits
from outlive.imports.concluding import conclude
from outlive.imports.refusal import UnreadableReport
from outlive.imports.suppressions import Suppressions
from outlive.model.imported import Report
from outlive.model.verdict import Verdict
from outlive.reports import imported_json, imported_text

pytestmark = pytest.mark.any_python

FAST = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def survived(data: bytes) -> list[Report]:
    """The reports in these bytes, none where they are refused; whatever they say can be told."""
    try:
        found = read_bytes(data, "damaged", piece=1000)
    except UnreadableReport:
        return []
    if isinstance(found, Suppressions):
        return []
    told = conclude(found)
    assert all(char.isprintable() or char == "\n" for char in imported_text.render(told))
    imported_json.to_json(told)
    return found


@pytest.mark.parametrize("name", NAMES)
@FAST
@given(share=st.floats(0, 1, exclude_max=True))
def test_cut_report_never_claims_to_be_whole(name: str, share: float) -> None:
    data = (SAMPLES / name).read_bytes().rstrip()
    found = survived(data[: int(len(data) * share)])
    assert not found or not all(one.whole for one in found)
    assert not found or conclude(found).verdict is not Verdict.NO_LEAK


@pytest.mark.parametrize("name", NAMES)
def test_report_cut_in_its_last_line_is_not_whole(name: str) -> None:
    data = (SAMPLES / name).read_bytes().rstrip()
    for size in range(len(data) - 1, len(data) - 30, -4):
        found = survived(data[:size])
        assert not found or not all(one.whole for one in found)


@pytest.mark.parametrize("name", NAMES)
@FAST
@given(seed=st.integers(0, 2**32))
def test_changed_bytes_raise_nothing_but_our_own_error(name: str, seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray((SAMPLES / name).read_bytes())
    for _ in range(chance.randint(1, 30)):
        at = chance.randrange(len(data))
        kind = chance.randrange(4)
        if kind == 0:
            data[at] = chance.randrange(256)
        elif kind == 1:
            del data[at : at + chance.randint(1, 200)]
        elif kind == 2:
            data[at:at] = data[chance.randrange(len(data)) :][: chance.randint(1, 400)]
        else:
            data[at:at] = chance.choice(
                [b"9" * 40, b"\x1b[2J", b"\x00", b"-1", b"<<", b'"', b"}" * 9, b"ffffffffffffffff"]
            )
        data = data or bytearray(b" ")
    survived(bytes(data))


@FAST
@given(st.binary(max_size=400))
def test_any_bytes_raise_nothing_but_our_own_error(data: bytes) -> None:
    survived(data)


@pytest.mark.parametrize("name", NAMES)
def test_pieces_of_any_size_give_the_same(name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    assert read_bytes(data, piece=7) == read_bytes(data, piece=len(data))


def test_colours_change_nothing() -> None:
    plain, coloured = ((SAMPLES / "three" / name).read_bytes() for name in ("asan.txt", "asan_colour.txt"))
    assert [one.bytes for one in made_of(plain).claims] == [one.bytes for one in made_of(coloured).claims]
    assert made_of(coloured).whole


def test_report_inside_of_a_programs_output_is_found() -> None:
    data = b"[INFO] up\n{not json\n" * 500 + (SAMPLES / "lsan.txt").read_bytes() + b"bye\n"
    assert len(made_of(data).claims) == 3


def processes() -> list[str]:
    one = (SAMPLES / "lsan.txt").read_text().strip().splitlines()
    return ["\n".join(one), "\n".join(one).replace("26051", "26052").replace("make_chain", "other")]


def test_reports_of_two_processes_after_each_other_are_two() -> None:
    found = survived("\n".join(processes()).encode())
    assert [(one.pid, one.whole, len(one.claims)) for one in found] == [(26051, True, 3), (26052, True, 3)]


def test_interleaved_lines_with_the_process_in_front_are_parted() -> None:
    both = [[f"[{pid}] {line}" for line in text.splitlines()] for pid, text in zip((26051, 26052), processes())]
    mixed = "\n".join(line for pair in zip(*both) for line in pair)
    found = survived(mixed.encode())
    assert [(one.pid, one.whole, len(one.claims)) for one in found] == [(26051, True, 3), (26052, True, 3)]
    assert {frame.function for one in found[1].claims for frame in one.stacks[0].frames[1:2]} == {"other"}


def test_interleaved_lines_without_it_are_said_to_be_mixed() -> None:
    mixed = "\n".join(line for pair in zip(*(one.splitlines() for one in processes())) for line in pair)
    found = survived(mixed.encode())
    assert not any(one.whole for one in found)
    assert any("mixed" in trouble for one in found for trouble in one.troubles)


def test_interleaved_lines_of_valgrind_are_parted() -> None:
    one = (SAMPLES / "valgrind_leak.txt").read_text().splitlines()
    other = [line.replace("26096", "7") for line in one]
    found = survived("\n".join(line for pair in zip(one, other) for line in pair).encode())
    assert [(one.pid, one.whole, len(one.claims)) for one in found] == [(26096, True, 6), (7, True, 6)]


def test_documents_of_two_processes_in_one_stream_are_two() -> None:
    data = (SAMPLES / "valgrind_leak.xml").read_bytes()
    assert [(one.whole, len(one.claims)) for one in survived(data + data)] == [(True, 6), (True, 6)]


def test_cut_document_keeps_what_had_closed() -> None:
    data = (SAMPLES / "valgrind_leak.xml").read_bytes()
    (one,) = survived(data[: data.index(b"<unique>0x3")])
    assert (one.whole, len(one.claims)) == (False, 3)


def test_record_that_is_missing_is_noticed_by_the_sum() -> None:
    text = (SAMPLES / "lsan.txt").read_text()
    one = made_of(re.sub(r"Indirect leak of 300.*?\n\n", "", text, flags=re.DOTALL))
    assert (one.whole, one.troubles) == (
        False,
        ("its records tell of 48 of 348 bytes in all: records of it are missing",),
    )


LAUGHS = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol">%s]>
<valgrindoutput><tool>&lol9;</tool></valgrindoutput>
""".replace("%s", "".join(f'<!ENTITY lol{at + 1} "{f"&lol{at or str()};" * 10}">' for at in range(9)))


@pytest.mark.parametrize(
    "text",
    [LAUGHS, '<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><valgrindoutput/>'],
    ids=["entities", "external"],
)
def test_document_type_is_refused(text: str) -> None:
    one = made_of(text)
    assert (one.whole, one.claims) == (False, ())
    assert "document type" in one.troubles[0]


def test_elements_that_nest_deeply_are_refused() -> None:
    one = made_of("<valgrindoutput>" + "<a>" * 100_000)
    assert "nested" in one.troubles[0]


def test_endless_tag_is_refused() -> None:
    one = made_of("<valgrindoutput><a b='" + "x" * (3 << 20))
    assert not one.whole
    assert "larger" in one.troubles[0]


def test_other_xml_is_refused() -> None:
    assert "first element" in made_of("<?xml version='1.0'?><html></html>").troubles[0]


@pytest.mark.parametrize("opening", ["[", '{"runs":[', '[{"path":'])
def test_json_that_nests_deeply_is_refused(opening: str) -> None:
    assert survived((opening * 100_000).encode()) == []


def test_very_many_frames_are_cut_and_said_to_be() -> None:
    frames = "\n".join(f"    #{at} 0x55 in f{at} /src/a.c:{at}" for at in range(20_000))
    text = "==1==ERROR: LeakSanitizer: detected memory leaks\nDirect leak of 1 byte(s) in 1 object(s) allocated from:"
    one = made_of(f"{text}\n{frames}\n\nSUMMARY: LeakSanitizer: 1 byte(s) leaked in 1 allocation(s).\n")
    assert len(one.claims[0].stacks[0].frames) == limits.FRAMES
    assert any("cut" in trouble for trouble in one.troubles)


def test_more_records_than_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outlive.imports.draft.CLAIMS", 2)
    one = made_of((SAMPLES / "lsan.txt").read_bytes())
    assert (len(one.claims), one.whole) == (2, False)
    assert any("not told: 1" in trouble for trouble in one.troubles)


def test_number_beyond_every_size_is_unknown() -> None:
    text = (SAMPLES / "lsan.txt").read_text().replace("300 byte", "9" * 5000 + " byte")
    one = made_of(text)
    assert [claim.bytes for claim in one.claims] == [16, -1, 32]
    assert not one.whole


def test_endless_line_is_cut() -> None:
    text = (SAMPLES / "lsan.txt").read_bytes()
    (one,) = survived(b"x" * 300_000 + b"\n" + text)
    assert (len(one.claims), one.whole, one.troubles) == (3, True, ("lines that were too long and are cut: 1",))


def test_escapes_in_names_do_not_reach_the_terminal() -> None:
    text = (SAMPLES / "valgrind_leak.xml").read_text().replace("make_chain", "make\u202e&#x9b;31mchain")
    told = imported_text.render(conclude([made_of(text)]))
    assert "make" in told
    assert not any(char in told for char in "\u202e\x9b\x1b")


@pytest.mark.parametrize("text", ["", "  \n\n"])
def test_empty_report_is_no_verdict(text: str) -> None:
    with pytest.raises(UnreadableReport, match="empty"):
        read_bytes(text.encode())


def test_raw_recording_says_how_to_interpret_it() -> None:
    with pytest.raises(UnreadableReport, match="heaptrack_interpret"):
        read_bytes(b"v 10400 3\nx f /src/demo/three\nX ./three\n")


def test_result_of_our_own_is_sent_to_its_own_verb() -> None:
    with pytest.raises(UnreadableReport, match="outlive report"):
        read_bytes(b'{"schema": "outlive.check/1"}')


def test_rules_that_a_program_draws_swallow_nothing() -> None:
    rule = "-" * 53
    one = made_of(f"{rule}\nmy heading\n{rule}\n" + (SAMPLES / "lsan.txt").read_text() + f"{rule}\nend\n")
    assert (len(one.claims), one.whole) == (3, True)


def test_suppressions_that_were_used_belong_to_the_report_beside_them() -> None:
    one = made_of((SAMPLES / "lsan_suppressed.txt").read_bytes() + (SAMPLES / "lsan.txt").read_bytes())
    assert (len(one.claims), [hidden.count for hidden in one.hidden]) == (3, [6])
