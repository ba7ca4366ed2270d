"""The same mistake told by several tools is one finding with several witnesses, and nothing else is."""

from __future__ import annotations

import dataclasses

import pytest
from sampled import concluded, memray_report, reports

from outlive.imports.concluding import conclude
from outlive.imports.merging import findings
from outlive.model.explanation import OwnerKind
from outlive.model.imported import Claim, Frame, ImportedFinding, Loss, Report, Stack
from outlive.model.verdict import Verdict

pytestmark = pytest.mark.any_python


def three() -> list[ImportedFinding]:
    """What five tools and memray say of the program in samples/three."""
    rows = [one for name in ("lsan.txt", "asan.txt", "valgrind.xml", "gcc.json") for one in reports(f"three/{name}")]
    return findings([*rows, *heaptrack_of_three(), memray_report()])


def heaptrack_of_three() -> list[Report]:
    import gzip

    from sampled import SAMPLES, read_bytes

    found = read_bytes(gzip.decompress((SAMPLES / "three" / "heaptrack.txt.gz").read_bytes()), "heaptrack.txt.gz")
    assert isinstance(found, list)
    return found


def test_three_leaks_seen_by_six_tools_are_three_findings() -> None:
    told = [(one.count, one.bytes, one.identity[0].rpartition("!")[2], len(one.witnesses)) for one in three()]
    assert told == [(2, 8000, "append_row", 6), (5, 320, "session_open", 6), (1, 200, "load_config", 5)]


def test_each_witness_keeps_its_own_class_amount_and_place() -> None:
    witnesses = {one.tool: one for one in three()[1].witnesses}
    assert {tool: [(a.loss, a.count, a.bytes) for a in one.amounts] for tool, one in witnesses.items()} == {
        "LeakSanitizer": [(Loss.DEFINITE, 5, 320)],
        "AddressSanitizer": [(Loss.DEFINITE, 5, 320)],
        "valgrind": [(Loss.DEFINITE, 5, 320)],
        "gcc -fanalyzer": [(Loss.POSSIBLE, -1, -1)],
        "heaptrack": [(Loss.UNFREED, 5, 320)],
        "memray": [(Loss.UNFREED, 5, 320)],
    }
    assert witnesses["gcc -fanalyzer"].places == ("three.c:9 in session_open",)
    assert not witnesses["gcc -fanalyzer"].seen


def test_tools_that_agree_have_no_disagreement() -> None:
    assert [one.disagreements for one in three()] == [(), (), ()]


def test_fingerprint_is_the_same_in_every_tool() -> None:
    alone = [{one.fingerprint for one in concluded(name).findings} for name in ("three/lsan.txt", "three/valgrind.xml")]
    assert alone[0] == alone[1] == {one.fingerprint for one in three()}


def test_allocator_frames_are_stripped_from_what_is_shown() -> None:
    assert [one.stacks[0].frames[0].function for one in three()] == ["append_row", "session_open", "load_config"]


def test_module_is_known_when_one_tool_says_it() -> None:
    assert [(one.owner.kind, one.owner.name) for one in three()] == [(OwnerKind.YOURS, "three")] * 3


def claim(*functions: str, module: str = "", loss: Loss = Loss.DEFINITE, size: int = 10, file: str = "") -> Claim:
    """A leak of `size` bytes, allocated down these calls."""
    frames = tuple(Frame(one, module, file) for one in ("malloc", *functions))
    return Claim("leak", "native", loss, 1, size, (Stack("allocated", frames),))


def of(tool: str, *claims: Claim) -> Report:
    return Report(file=f"{tool}.txt", format="text", tool=tool, claims=claims, whole=True)


def test_two_tools_that_differ_in_class_are_said_to_disagree() -> None:
    (one,) = findings([of("A", claim("f")), of("B", claim("f", loss=Loss.REACHABLE))])
    assert one.loss is Loss.DEFINITE
    assert one.disagreements == ("they disagree on the class: A says definite, B says reachable",)


def test_two_tools_that_differ_in_bytes_are_said_to_disagree() -> None:
    (one,) = findings([of("A", claim("f")), of("B", claim("f", size=12))])
    assert one.disagreements == ("they disagree on the amount: A says 10 bytes in 1, B says 12 bytes in 1",)


def test_recorder_of_allocations_contradicts_no_class() -> None:
    (one,) = findings([of("A", claim("f")), of("B", claim("f", loss=Loss.UNFREED))])
    assert one.disagreements == ()


def test_two_runs_of_one_tool_do_not_disagree() -> None:
    (one,) = findings([of("A", claim("f")), of("A", claim("f", size=12))])
    assert one.disagreements == ()


def test_equal_functions_of_different_modules_are_two_mistakes() -> None:
    found = findings([of("A", claim("init", module="/app/liba.so")), of("B", claim("init", module="/app/libb.so"))])
    assert len(found) == 2


def test_old_and_new_name_of_the_c_library_are_one() -> None:
    found = findings([of("A", claim("f", module="/lib/libc-2.31.so")), of("B", claim("f", module="/lib/libc.so.6"))])
    assert len(found) == 1


def test_version_of_a_library_does_not_part_a_mistake() -> None:
    found = findings([of("A", claim("f", module="/lib/liba.so.6")), of("B", claim("f", module="/usr/lib/liba.so.6.1"))])
    assert len(found) == 1


def test_equal_functions_of_different_files_are_two_mistakes() -> None:
    assert len(findings([of("A", claim("init", file="/src/a.c")), of("B", claim("init", file="/src/b.c"))])) == 2


def test_file_without_its_folder_is_the_same_file() -> None:
    assert len(findings([of("A", claim("init", file="/src/a.c")), of("B", claim("init", file="a.c"))])) == 1


def test_different_callers_are_two_mistakes() -> None:
    assert len(findings([of("A", claim("make", "serve"), claim("make", "load"))])) == 2


def test_only_eight_calls_above_the_allocator_tell() -> None:
    calls = [f"f{at}" for at in range(12)]
    assert len(findings([of("A", claim(*calls), claim(*calls[:8], "another"))])) == 1


def test_what_starts_the_program_does_not_tell() -> None:
    assert len(findings([of("A", claim("f", "main", "_start")), of("B", claim("f", "start_thread"))])) == 1


def test_leak_in_main_itself_is_told_there() -> None:
    (one,) = findings([of("A", claim("main"))])
    assert one.identity == ("main",)


def test_calls_without_any_name_are_never_joined() -> None:
    assert len(findings([of("A", claim("")), of("B", claim(""))])) == 2


def test_offsets_in_one_module_tell_without_names_and_hold_for_one_build() -> None:
    frames = tuple(Frame(module="/app/prog", offset=at) for at in (0x10, 0x20))
    unnamed = dataclasses.replace(claim("f"), stacks=(Stack("allocated", frames),))
    (one,) = findings([of("A", unnamed), of("B", unnamed)])
    assert (one.identity, one.symbolised) == (("prog!+10", "prog!+20"), False)


def test_allocation_by_a_library_names_it_and_who_called() -> None:
    frames = (
        Frame("g_malloc", "/usr/lib/x86_64-linux-gnu/libglib-2.0.so.0"),
        Frame("load", "/src/demo/app", "/src/demo/app.c", 7),
    )
    (one,) = findings([of("A", dataclasses.replace(claim("f"), stacks=(Stack("allocated", frames),)))])
    assert (one.owner.kind, one.owner.name, one.called_by) == (
        OwnerKind.SYSTEM,
        "libglib-2.0",
        "/src/demo/app.c:7 in load",
    )


def test_mine_sets_aside_what_lies_elsewhere() -> None:
    told = conclude([of("A", claim("f", module="/opt/other/libx.so"))], (), ["/src/demo"])
    assert (told.verdict, told.findings, len(told.set_aside)) == (Verdict.COULD_NOT_TELL, (), 1)


def test_mine_keeps_what_nobody_can_place() -> None:
    told = conclude([of("A", claim("f"))], (), ["/src/demo"])
    assert (told.verdict, len(told.findings)) == (Verdict.LEAK, 1)


def test_mine_keeps_what_one_of_my_calls_led_to() -> None:
    frames = (Frame("g", "/usr/lib/libx.so"), Frame("f", "/src/demo/app"))
    one = dataclasses.replace(claim("f"), stacks=(Stack("allocated", frames),))
    assert len(conclude([of("A", one)], (), ["/src/demo"]).findings) == 1


def test_interpreter_that_calls_in_ends_the_stack() -> None:
    with_python = claim("f", "ffi_call", "_ctypes_callproc", "PyObject_Vectorcall")
    assert len(findings([of("A", with_python), of("B", claim("f", "main"))])) == 1


def test_python_lines_tell_where_only_the_interpreter_allocates() -> None:
    frames = (
        Frame("PyDict_New", "", "Objects/dictobject.c", 1),
        Frame("PyObject_Vectorcall", "", "Objects/call.c", 2),
        Frame("handle", "", "/app/web.py", 30),
    )
    one, other = (Stack("allocated", (*frames[:2], dataclasses.replace(frames[2], function=name))) for name in "ab")
    claims = [dataclasses.replace(claim("f"), stacks=(stack,)) for stack in (one, other)]
    assert [found.identity[-1] for found in findings([of("A", *claims)])] == ["a", "b"]


def test_finding_with_many_reports_is_leading_with_the_surest() -> None:
    (one,) = findings([of("A", claim("f", loss=Loss.UNFREED, size=99)), of("B", claim("f"))])
    assert (one.loss, one.bytes) == (Loss.DEFINITE, 10)


def test_short_name_of_debug_information_joins_the_full_one() -> None:
    (one,) = findings([of("A", claim("take", "serve")), of("B", claim("app::Pool<int>::take(int)", "serve"))])
    assert one.identity == ("app::Pool<int>::take", "serve")


def test_short_name_that_can_mean_two_joins_none() -> None:
    full = [claim(f"app::Pool<{kind}>::take(int)") for kind in ("int", "char")]
    assert len(findings([of("A", claim("take")), of("B", *full)])) == 3


def test_two_full_names_are_two_mistakes() -> None:
    assert len(findings([of("A", claim("a::make()")), of("B", claim("b::make()"))])) == 2


def test_what_a_sanitizer_stands_in_for_is_a_call_like_any_other() -> None:
    source = "../../../../src/libsanitizer/asan/asan_interceptors.cpp"
    stack = Stack("allocated", (Frame("__interceptor_realpath", "", source, 3), Frame("load")))
    (one,) = findings([of("A", dataclasses.replace(claim("f"), stacks=(stack,)))])
    assert one.identity == ("realpath", "load")


def test_sarif_of_gcc_is_a_witness_at_the_same_place() -> None:
    told = concluded("gcc13.sarif", "three/valgrind.xml")
    (one,) = [one for one in told.findings if len(one.witnesses) == 2]
    assert one.place == "/src/demo/three.c:9 in session_open"
    assert one.stacks[0].frames[0].function == "session_open"


def test_static_claim_of_another_line_is_a_finding_of_its_own() -> None:
    static = Claim("leak", loss=Loss.POSSIBLE, seen=False, stacks=(Stack("allocated", (Frame("f", "", "a.c", 9),)),))
    seen = dataclasses.replace(static, seen=True, stacks=(Stack("allocated", (Frame("f", "", "a.c", 8), Frame("g"))),))
    assert len(findings([of("A", seen), of("B", static)])) == 2


def test_very_many_modules_under_one_name_stay_apart() -> None:
    claims = [claim("init", module=f"/app/lib{at}.so") for at in range(300)]
    assert len(findings([of("A", *claims)])) == 300


def test_what_goes_with_a_leak_is_not_counted_as_another() -> None:
    root, inner = claim("f"), claim("g", loss=Loss.INDIRECT)
    assert conclude([of("A", root, inner)]).reason == "1 leak, and 1 lost with what pointed to them, by the word of A"
    assert conclude([of("A", inner)]).reason == "1 leak, by the word of A"
