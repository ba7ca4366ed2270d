"""Each sample gives exactly what its tool wrote into it."""

from __future__ import annotations

import pytest
from sampled import concluded, report, reports

from outlive.model.imported import Claim, Loss
from outlive.model.verdict import Verdict

CHAIN = [("definite", 1, 16), ("indirect", 3, 300), ("indirect", 2, 32)]
VALGRIND = [
    ("reachable", 1, 16),
    ("indirect", 2, 32),
    ("possible", 1, 64),
    ("reachable", 1, 100),
    ("indirect", 3, 300),
    ("definite", 1, 16),
]
LOSSES = {
    "lsan.txt": CHAIN,
    "lsan_clang.txt": CHAIN,
    "asan_leak.txt": CHAIN,
    "lsan_largest.txt": CHAIN[:2],
    "lsan_python.txt": [("definite", 250, 1_024_000)],
    "lsan_suppressed.txt": [],
    "valgrind_leak.xml": VALGRIND,
    "valgrind_leak.txt": VALGRIND,
    "heaptrack.txt": [
        ("unfreed", 1, 4096),
        ("unfreed", 3, 300),
        ("unfreed", 1, 100),
        ("unfreed", 1, 64),
        ("unfreed", 3, 48),
        ("unfreed", 1, 16),
    ],
    "jemalloc.heap": [
        ("unfreed", 1, 64),
        ("unfreed", 1, 16),
        ("unfreed", 3, 48),
        ("unfreed", 1, 112),
        ("unfreed", 3, 336),
        ("unfreed", 1, 4096),
        ("unfreed", 1, 81920),
    ],
    "heapcheck.txt": [("possible", 3, 300), ("possible", 3, 48)],
    "gcc.json": [("possible", -1, -1)],
    "clang.sarif": [("possible", -1, -1)],
    "gcc13.sarif": [("possible", -1, -1)],
}
BROKEN = {
    "asan_double_free.txt": ("double-free", ["used", "freed", "allocated"]),
    "asan_dedup_token.txt": ("double-free", ["used", "freed", "allocated"]),
    "asan_use_after_free.txt": ("use-after-free", ["used", "freed", "allocated"]),
    "asan_mismatch.txt": ("mismatched-deallocator", ["used", "allocated"]),
    "asan_bad_free.txt": ("invalid-free", ["used", "allocated"]),
    "valgrind_double_free.xml": ("double-free", ["used", "freed", "allocated"]),
    "valgrind_use_after_free.xml": ("use-after-free", ["used", "freed", "allocated"]),
    "valgrind_mismatch.xml": ("mismatched-deallocator", ["used", "allocated"]),
    "valgrind_uninitialised.xml": ("uninitialised", ["used", "allocated"]),
}


def lost(claim: Claim) -> tuple[str, int, int]:
    return (claim.loss.value if claim.loss else "", claim.count, claim.bytes)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_read_with_its_class_count_and_bytes(name: str) -> None:
    assert [lost(one) for one in report(name).claims if one.kind == "leak"] == LOSSES[name]


@pytest.mark.parametrize("name", BROKEN)
def test_wrong_use_is_read_with_all_of_its_stacks(name: str) -> None:
    (claim,) = report(name).claims
    assert (claim.kind, [one.role for one in claim.stacks], claim.loss) == (*BROKEN[name], None)
    assert all(one.frames for one in claim.stacks)


@pytest.mark.parametrize("name", [*LOSSES, *BROKEN, "talloc.txt", "valgrind_fds.txt", "valgrind_protocol6.xml"])
def test_report_that_is_complete_is_known_to_be_whole(name: str) -> None:
    assert report(name).whole is (name != "lsan_largest.txt")


def test_frames_say_function_file_and_line() -> None:
    stack = report("lsan.txt").claims[0].stacks[0]
    assert [(one.function, one.file, one.line) for one in stack.frames[1:4]] == [
        ("make_chain", "/src/demo/leak.c", 10),
        ("drop", "/src/demo/leak.c", 16),
        ("main", "/src/demo/leak.c", 19),
    ]


def test_frames_of_clang_lose_their_column_and_build_id() -> None:
    frames = report("lsan_clang.txt").claims[0].stacks[0].frames
    assert (frames[1].file, frames[1].line) == ("/src/demo/leak.c", 10)
    assert (frames[0].module, frames[0].offset) == ("/src/demo/leak_clang_lsan", 0x30F42)


def test_frame_without_symbol_keeps_module_and_offset() -> None:
    frame = report("lsan_python.txt").claims[0].stacks[0].frames[1]
    assert (frame.function, frame.module, frame.offset) == ("", "/lib/x86_64-linux-gnu/libffi.so.8", 0x6F79)


def test_inlined_calls_of_heaptrack_are_marked() -> None:
    frames = report("heaptrack.txt").claims[0].stacks[0].frames
    inner = [(one.function, one.line, one.inlined) for one in frames if one.function == "__GI__IO_doallocbuf"]
    assert inner == [("__GI__IO_doallocbuf", 347, True), ("__GI__IO_doallocbuf", 342, False)]


def test_jemalloc_addresses_become_places_in_modules() -> None:
    frames = report("jemalloc.heap").claims[0].stacks[0].frames
    assert (frames[4].module, hex(frames[4].offset)) == ("/src/demo/leak_je", "0x124b")


def test_direct_part_of_a_valgrind_record_is_not_counted_with_its_indirect_part() -> None:
    definite = [one for one in report("valgrind_leak.xml").claims if one.loss is Loss.DEFINITE]
    assert [(one.bytes, "348 (16 direct, 332 indirect)" in one.text) for one in definite] == [(16, True)]


def test_descriptors_of_valgrind_text_are_read_and_inherited_ones_are_not() -> None:
    claims = report("valgrind_fds.txt").claims
    assert [one.kind for one in claims] == ["fd-not-closed"] * 7
    assert {one.stacks[0].frames[0].function for one in claims} == {"pipe", "socketpair", "open"}


def test_descriptor_of_protocol_6_is_read() -> None:
    (claim,) = report("valgrind_protocol6.xml").claims
    assert (claim.kind, claim.resource, claim.count) == ("fd-not-closed", "fd", 1)


def test_descriptors_of_an_old_valgrind_xml_are_said_to_be_missing() -> None:
    one = report("valgrind_fds.xml")
    assert one.claims == ()
    assert any("its text tells" in trouble for trouble in one.troubles)


def test_each_talloc_context_claims_its_own_bytes() -> None:
    claims = report("talloc.txt").claims
    assert (len(claims), sum(one.bytes for one in claims)) == (9, 222)


def test_handles_of_libuv_are_told_by_state_and_its_own_left_out() -> None:
    assert [(one.stacks[0].frames[0].function, one.text) for one in report("libuv.txt").claims] == [
        ("uv_timer_t", "active, unreferenced"),
        ("uv_timer_t", "stopped, not closed"),
        ("uv_async_t", "active, keeps the loop alive"),
        ("uv_tcp_t", "stopped, not closed"),
    ]


def test_suppressions_that_the_tool_used_are_told() -> None:
    (hidden,) = report("lsan_suppressed.txt").hidden
    assert (hidden.name, hidden.count, hidden.bytes) == ("make_chain", 6, 348)


def test_paths_of_gcc_give_the_calls_at_the_allocation() -> None:
    claim = report("three/gcc.json").claims[0]
    assert (claim.stacks[0].role, [one.function for one in claim.stacks[0].frames]) == (
        "allocated",
        ["session_open", "serve_request", "all_three"],
    )


@pytest.mark.parametrize(
    ("names", "verdict"),
    [
        (("lsan.txt",), Verdict.LEAK),
        (("lsan_suppressed.txt",), Verdict.NO_LEAK),
        (("valgrind_fds.txt",), Verdict.COULD_NOT_TELL),
        (("heaptrack.txt",), Verdict.COULD_NOT_TELL),
        (("heapcheck.txt",), Verdict.COULD_NOT_TELL),
        (("gcc.json",), Verdict.COULD_NOT_TELL),
        (("asan_double_free.txt",), Verdict.COULD_NOT_TELL),
        (("gcc.json", "lsan.txt"), Verdict.LEAK),
    ],
)
def test_verdict_is_no_surer_than_the_tool(names: tuple[str, ...], verdict: Verdict) -> None:
    assert concluded(*names).verdict is verdict


def test_static_analysis_alone_breaks_nothing() -> None:
    told = concluded("gcc.json")
    assert (told.broken, [one.kind for one in told.findings][1:]) == (0, ["mismatched-deallocator", "double-free"])


def test_asan_and_valgrind_witness_the_same_double_free() -> None:
    told = concluded("asan_double_free.txt", "valgrind_double_free.xml")
    (one,) = told.findings
    assert [witness.tool for witness in one.witnesses] == ["AddressSanitizer", "valgrind"]
    assert told.broken == 1


def test_leak_of_an_asan_build_is_asans_word() -> None:
    assert [one.tool for one in reports("asan_leak.txt")] == ["AddressSanitizer"]


def test_leak_beside_a_wrong_use_is_read_too() -> None:
    claims = report("valgrind_bad_free.xml").claims
    assert [(one.kind, [stack.role for stack in one.stacks]) for one in claims] == [
        ("invalid-free", ["used", "allocated"]),
        ("leak", ["allocated"]),
    ]
