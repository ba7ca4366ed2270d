"""Whole checks of programs whose mistake, or whose innocence, counting alone does not see: ends, scopes, proofs."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from outlive.errors import UsageError
from outlive.model.leftovers import Answer, StuckGrade
from outlive.model.verdict import CheckResult, Verdict
from outlive.session import CheckSettings, check

pytestmark = pytest.mark.slow
STEPS = 240

SESSION = """
    import outlive
    class Session:
        def close(self):
            outlive.ends(self, "session closed")
    SESSIONS = []
"""


def result_of(folder: Path, *code: str, steps: int = STEPS, **settings: object) -> CheckResult:
    scenario = folder / "scenario.py"
    scenario.write_text("".join(map(textwrap.dedent, code)), encoding="utf-8")
    settings.setdefault("native", False)  # a second run has tests of its own
    # It ends with its steps; the time is for a machine that has much else to do.
    return check(str(scenario), CheckSettings(steps=steps, time_budget_s=120, **settings))  # type: ignore[arg-type]


def notes_of(result: CheckResult) -> str:
    return "\n".join(f"{note.slug}: {note.text}" for note in result.notes)


def test_one_ended_object_that_stays_is_a_leak_though_nothing_grows(tmp_path: Path) -> None:
    result = result_of(
        tmp_path,
        SESSION,
        """
        def step(i):
            session = Session()
            session.close()
            if i == 20:
                SESSIONS.append(session)
        """,
    )
    assert result.verdict is Verdict.LEAK, notes_of(result)
    assert result.findings == ()
    (one,) = result.leftovers
    assert (one.type, one.lifetime, one.answer, one.count) == ("scenario.Session", "session closed", Answer.HELD, 1)
    assert one.sentence.startswith("Session closed at scenario.py:5 is still held by `scenario.SESSIONS`")
    assert result.reason == one.sentence.rstrip(".")
    assert one.explanation is not None
    assert one.explanation.held_by == "scenario.SESSIONS"


def test_ended_objects_that_grow_are_told_once_with_what_had_ended(tmp_path: Path) -> None:
    result = result_of(
        tmp_path,
        SESSION,
        """
        def step(i):
            session = Session()
            session.close()
            SESSIONS.append(session)
        """,
        steps=2000,
    )
    assert result.verdict is Verdict.LEAK
    assert result.leftovers == ()
    (finding,) = result.findings
    assert finding.type == "scenario.Session"
    assert finding.explanation is not None
    assert "had ended before: session closed at scenario.py:5" in finding.explanation.sentence
    assert finding.bytes.per_step < 200  # what we keep of them is not counted as theirs


def test_ended_objects_that_only_the_collector_has_to_take_are_no_leak(tmp_path: Path) -> None:
    result = result_of(
        tmp_path,
        SESSION,
        """
        def step(i):
            session = Session()
            session.itself = session
            session.close()
        """,
    )
    assert result.verdict is Verdict.NO_LEAK, result.reason
    assert (result.findings, result.leftovers) == ((), ())


def test_ended_objects_that_go_in_their_turn_are_no_leak(tmp_path: Path) -> None:
    result = result_of(
        tmp_path,
        SESSION,
        """
        import collections
        HISTORY = collections.deque(maxlen=5)
        def step(i):
            session = Session()
            session.close()
            HISTORY.append(session)
        """,
    )
    assert result.verdict is Verdict.NO_LEAK, result.reason
    assert result.leftovers == ()
    assert "only the last 5 are alive after their end" in notes_of(result)


def test_a_contract_beside_the_scenario_ends_what_its_code_does_not(tmp_path: Path) -> None:
    code = """
        class Session:
            def __init__(self): self.open = True
            def close(self): self.open = False
        SESSIONS = []
        def step(i):
            session = Session()
            session.close()
            if i == 20:
                SESSIONS.append(session)
    """
    assert result_of(tmp_path, code).verdict is Verdict.NO_LEAK
    (tmp_path / "outlive.toml").write_text(
        '[[lifetime]]\nbegins = "scenario:Session.__init__"\nends = "scenario:Session.close"\n'
    )
    result = result_of(tmp_path, code)
    assert result.verdict is Verdict.LEAK, notes_of(result)
    assert result.leftovers[0].lifetime == "Session closed"
    assert result_of(tmp_path, code, use_contracts=False).verdict is Verdict.NO_LEAK


def test_a_contract_that_names_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "outlive.toml").write_text(
        '[[lifetime]]\nbegins = "scenario:Session.__init__"\nends = "scenario:Session.clse"\n'
    )
    result = result_of(tmp_path, "class Session:\n    def close(self): pass\ndef step(i): Session().close()\n")
    assert result.verdict is Verdict.NO_LEAK
    assert "scenario:Session has no 'clse'" in notes_of(result)


def test_a_file_of_contracts_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*missing\.toml"):
        result_of(tmp_path, "def step(i): pass\n", contracts=tmp_path / "missing.toml")


def test_what_a_scope_left_in_a_collection_is_told_as_the_scopes(tmp_path: Path) -> None:
    result = result_of(
        tmp_path,
        """
        import outlive
        class Answer: pass
        ANSWERS = []
        def step(i):
            with outlive.scope("request"):
                answer = Answer()
                if i == 200:
                    ANSWERS.append(answer)
        """,
    )
    assert result.verdict is Verdict.LEAK, notes_of(result)
    assert [(one.problem, one.type, one.lifetime) for one in result.leftovers] == [
        ("left-behind", "scenario.Answer", "request")
    ]


def test_scopes_that_leave_nothing_are_no_leak_and_cost_no_growth(tmp_path: Path) -> None:
    result = result_of(
        tmp_path,
        """
        import outlive
        class Answer: pass
        def step(i):
            with outlive.scope("request") as request, outlive.scope("query"):
                return request.returns(Answer())
        """,
    )
    assert result.verdict is Verdict.NO_LEAK, (result.reason, notes_of(result))
    assert result.leftovers == ()


def test_a_task_that_can_never_wake_is_a_leak_though_nothing_grows(tmp_path: Path) -> None:
    result = result_of(
        tmp_path,
        """
        import asyncio
        TASKS = set()
        async def wait(): await asyncio.get_running_loop().create_future()
        async def step(i):
            if i == 20:
                TASKS.add(asyncio.create_task(wait()))
            await asyncio.sleep(0)
        """,
    )
    assert result.verdict is Verdict.LEAK, notes_of(result)
    (one,) = [one for one in result.leftovers if not one.harmless]
    assert (one.kind, one.problem) == ("task", "stuck")
    assert one.stuck is not StuckGrade.NOT


def test_stuck_tasks_that_grow_are_told_once_with_the_proof(tmp_path: Path) -> None:
    result = result_of(
        tmp_path,
        """
        import asyncio
        TASKS = set()
        async def wait(): await asyncio.get_running_loop().create_future()
        async def step(i):
            TASKS.add(asyncio.create_task(wait()))
            await asyncio.sleep(0)
        """,
    )
    assert result.verdict is Verdict.LEAK
    assert [one for one in result.leftovers if not one.harmless] == []
    (finding,) = [one for one in result.findings if one.kind == "task"]
    assert finding.explanation is not None
    assert "nothing that runs can wake" in finding.explanation.sentence


def test_pools_and_timers_of_a_clean_async_scenario_are_no_leak(tmp_path: Path) -> None:
    result = result_of(
        tmp_path,
        """
        import asyncio, concurrent.futures, socket
        POOL = concurrent.futures.ThreadPoolExecutor(2)
        QUEUE, WORKERS, PAIR = None, [], []

        async def work():
            while True:
                done = await QUEUE.get()
                done.set_result(None)

        async def setup():
            global QUEUE
            QUEUE = asyncio.Queue()
            WORKERS.extend(asyncio.create_task(work()) for _ in range(3))
            PAIR.extend(socket.socketpair())

        async def step(i):
            loop = asyncio.get_running_loop()
            timer = loop.call_later(60, print)
            done = loop.create_future()
            QUEUE.put_nowait(done)
            await done
            await loop.run_in_executor(POOL, len, ())
            async with asyncio.TaskGroup() if hasattr(asyncio, "TaskGroup") else asyncio.Lock():
                await asyncio.wait_for(asyncio.sleep(0), 5)
            timer.cancel()
        """,
    )
    assert result.verdict is Verdict.NO_LEAK, (result.reason, [one.sentence for one in result.leftovers])
    assert [one for one in result.leftovers if not one.harmless] == []


def test_a_resource_that_one_step_left_open_is_a_note(tmp_path: Path) -> None:
    result = result_of(
        tmp_path,
        """
        import socket
        OPEN = []
        def step(i):
            if i == 20:
                OPEN.append(socket.socket())
        """,
    )
    assert result.verdict is Verdict.NO_LEAK, result.reason
    (one,) = result.leftovers
    assert (one.kind, one.problem, one.harmless) == ("socket", "open-at-end", True)
    assert "nobody called" in one.sentence
