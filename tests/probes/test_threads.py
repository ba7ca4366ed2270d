from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from outlive.probes import threads


@contextmanager
def one_more_thread(name: str) -> Iterator[threading.Thread]:
    began, over = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        over.wait()

    thread = threading.Thread(target=work, name=name)
    thread.start()
    began.wait()
    yield thread
    over.set()
    thread.join()


def test_a_started_thread_is_counted_by_the_system_and_by_python():
    native, python = threads.count(), threads.count_python()
    with one_more_thread("worker"):
        assert (threads.count(), threads.count_python()) == (native + 1, python + 1)


def test_an_ended_thread_is_no_longer_known_to_python():
    python = threads.count_python()
    with one_more_thread("worker"):
        pass
    assert threads.count_python() == python


def test_a_thread_has_its_full_python_name_which_the_system_cuts():
    with one_more_thread("a name of more than fifteen bytes") as thread:
        rows = {row.tid: row.python_name for row in threads.list_running()}
        assert rows[thread.native_id] == "a name of more than fifteen bytes"


def test_names_are_read_while_somebody_holds_the_lock_of_threading():
    with threading._active_limbo_lock:
        assert "MainThread" in [row.python_name for row in threads.list_running()]


def test_threads_of_another_process_are_counted_and_named_by_the_system(start):
    program = start(
        "import threading\n"
        "for _ in range(3): threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "print('ready', flush=True); input()"
    )
    assert threads.count(program.pid) == 4
    rows = threads.list_running(program.pid)
    assert len(rows) == 4
    assert {row.python_name for row in rows} == {None}


def test_a_program_that_is_not_python_has_its_own_name(cat):
    assert [(row.tid, row.name) for row in threads.list_running(cat.pid)] == [(cat.pid, "cat")]
