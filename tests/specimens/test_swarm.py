"""The swarm does what it says, and leaves nothing; each switch loses just what the truth table says, byte for byte.

Outlive takes no part here. AddressSanitizer and its leak checker are the witnesses: an independent opinion of what is
true, against which all answers are marked. None of it depends on the Python that runs it.
"""

from __future__ import annotations

import re
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from specimens.swarm import building, sanitizers
from specimens.swarm.answer import Answer
from specimens.swarm.building import SOURCE
from specimens.swarm.faults import FAULTS, Fault
from specimens.swarm.gauntlet import BY_NAME, watch
from specimens.swarm.metafile import Content
from specimens.swarm.world import BLOCKS, DEAD_DIALLED, DIAL_LIMIT, FETCH_OPTIONS, FLAKY, GOOD, MUTE, STRANGERS, World

LEAKS = [fault for fault in FAULTS if fault.is_leak]
HARMS = [fault for fault in FAULTS if not fault.is_leak]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.any_python,
    pytest.mark.skipif(building.missing() != "", reason=building.missing()),
]


@pytest.fixture(scope="module")
def built() -> Path:
    return building.build("asan")


def asked(built: Path, fault: Fault | None, tests: bool = False) -> Answer:
    answer = watch(BY_NAME["asan"], built, fault, tests)
    if answer.failed == sanitizers.NO_PTRACE:
        pytest.skip(answer.failed)
    assert answer.failed == ""
    return answer


def fetch(built: Path, metafile: Path, fetched: Path, *options: str) -> subprocess.CompletedProcess[str]:
    words = [str(built / "swarm"), "fetch", str(metafile), "-o", str(fetched), *options]
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


def clean(said: str) -> bool:
    return sanitizers.read(said).is_silent


def test_file_is_fetched_from_many_seeds_and_is_the_same(built: Path, tmp_path: Path) -> None:
    with World() as world:
        done = fetch(built, world.metafile, tmp_path / "fetched", *FETCH_OPTIONS)
        assert (done.returncode, (tmp_path / "fetched").read_bytes() == world.content.data) == (0, True)
        assert sum(seed.blocks_sent for seed in world.seeds) == BLOCKS
        assert sum(seed.blocks_sent > 0 for seed in world.seeds) >= 3
        assert (world.udp_tracker.announces, world.http_tracker.announces) == (2, 2)
    assert "1 answers came to our pings" in done.stderr
    assert f"freed {GOOD + MUTE} connections" in done.stderr
    assert "handles were still open" not in done.stderr
    assert clean(done.stderr)


def test_file_of_an_odd_length_is_fetched_too(built: Path, tmp_path: Path) -> None:
    with World(Content("odd", bytes(range(256)) * 300 + b"end")) as world:
        done = fetch(built, world.metafile, tmp_path / "fetched", "--quiet")
        assert (done.returncode, (tmp_path / "fetched").read_bytes() == world.content.data) == (0, True)
    assert done.stderr == ""


def test_own_tests_of_the_program_pass_and_leave_nothing(built: Path) -> None:
    done = subprocess.run([str(built / "swarm-tests")], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_download_that_is_interrupted_leaves_nothing(built: Path, tmp_path: Path) -> None:
    with World() as world:
        words = [str(built / "swarm"), "fetch", str(world.metafile), "-o", str(tmp_path / "fetched")]
        # More peers than there are: it connects, and waits for ever.
        words += ["--dial-limit", str(DIAL_LIMIT), "--ready-peers", str(GOOD + 1)]
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as swarm:
            assert swarm.stderr is not None
            assert any(f"{GOOD} peers are ready" in line for line in swarm.stderr)
            swarm.send_signal(signal.SIGINT)
            rest = swarm.stderr.read()
    assert swarm.returncode == 1
    assert f"freed {GOOD + MUTE} connections" in rest
    assert clean(rest)


def test_announces_that_nobody_answers_are_given_up_and_leave_nothing(built: Path, tmp_path: Path) -> None:
    nobody = ["udp://127.0.3.1:9/announce", "http://127.0.3.1:9/announce", "udp://no.such.host:1/announce"]
    metafile = tmp_path / "lonely.torrent"
    metafile.write_bytes(Content("lonely", b"x").metafile(nobody, b""))
    done = fetch(built, metafile, tmp_path / "fetched", "--time-limit", "1")
    assert done.returncode == 1
    assert "gave up after 1 s" in done.stderr
    assert clean(done.stderr)


@pytest.mark.parametrize("text", [b"", b"d4:infod4:name1:ae", b"d4:infodee", b"d4:info" + b"l" * 99, b"no metafile"])
def test_what_is_no_metafile_is_refused_with_words(built: Path, tmp_path: Path, text: bytes) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(text)
    done = fetch(built, broken, tmp_path / "fetched")
    assert (done.returncode, done.stderr) == (2, f"swarm: {broken} is not a metafile\n")


def test_unknown_switch_is_refused(built: Path, tmp_path: Path) -> None:
    assert fetch(built, tmp_path, tmp_path / "fetched", "--fault", "no-such").returncode == 2


@pytest.mark.parametrize("fault", LEAKS, ids=lambda fault: fault.switch)
def test_switch_loses_just_what_the_truth_table_says(built: Path, fault: Fault) -> None:
    answer = asked(built, fault)
    assert answer.harm == ()
    assert _by_allocator(answer) == _expected_by_allocator(fault)
    # Where a handle stays open libuv cannot free its loop; how much that is is its business.
    assert any(lost.by_library for lost in answer.lost) == fault.loop_busy


def _by_allocator(answer: Answer) -> dict[str, tuple[int, int]]:
    """Bytes and blocks by the function that allocated them, of the program's own."""
    size: Counter[str] = Counter()
    blocks: Counter[str] = Counter()
    for lost in answer.application:
        size[lost.stack[0].function] += lost.bytes
        blocks[lost.stack[0].function] += lost.blocks or 0
    return {function: (size[function], blocks[function]) for function in size}


def _expected_by_allocator(fault: Fault) -> dict[str, tuple[int, int]]:
    functions = {part.allocated for part in fault.parts}
    parts = {function: [part for part in fault.parts if part.allocated == function] for function in functions}
    return {
        function: (sum(part.bytes * part.count for part in of_it), sum(part.count for part in of_it))
        for function, of_it in parts.items()
    }


@pytest.mark.parametrize("fault", HARMS, ids=lambda fault: fault.switch)
def test_switch_breaks_what_the_truth_table_says(built: Path, fault: Fault) -> None:
    harm = asked(built, fault).harm
    assert [one.kind for one in harm] == [fault.kind]
    assert fault.event in {frame.place for frame in harm[0].stack}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.switch)
def test_truth_table_names_the_place_where_the_switch_stands(fault: Fault) -> None:
    assert f"fault(FAULT_{fault.switch.upper().replace('-', '_')})" in _function(fault.event)
    assert all(_function(place) for place in fault.last_pointer)
    assert fault.category in ("runtime", "shutdown", "test")


def _function(place: str) -> str:
    """The text of a function; empty when there is none of this name in that file."""
    file, _, function = place.partition(":")
    (source,) = SOURCE.rglob(file)
    head = rf"^(?:static )?\w[\w *]*\b{function}\([^;]*?\{{(?:[^\n]*\}}$|.*?^\}})"
    found = re.search(head, source.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


def test_truth_table_counts_what_the_world_has() -> None:
    events = {fault.switch: fault.events for fault in FAULTS}
    assert events["piece-never-freed"] == BLOCKS
    assert events["failed-dial-wrapper"] == DEAD_DIALLED
    assert events["overwritten-on-reconnect"] == FLAKY
    assert events["late-handshake"] == STRANGERS
    assert events["dial-unknown-to-pool"] == MUTE
    assert events["nulled-at-goodbye"] == GOOD
