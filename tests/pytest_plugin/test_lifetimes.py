"""`pytest --outlive`: every test is a lifetime, and what it left is blamed on it and on nobody else."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ran = Any  # conftest's: status, output, and blame by test
Run = Callable[..., Ran]
pytestmark = pytest.mark.slow

_LEFT = """
    import asyncio, logging, os, socket, subprocess, sys, tempfile, threading, unittest
    from concurrent.futures import ThreadPoolExecutor
    import pytest, pytest_asyncio
    import shop
    KEPT, STOP = [], threading.Event()

    def test_socket(): KEPT.append(socket.socket())
    def test_file(): KEPT.append(open(__file__))
    def test_pipe(): os.pipe()
    def test_thread(): threading.Thread(target=STOP.wait, name="waits", daemon=True).start()
    def test_executor():
        pool = ThreadPoolExecutor(); KEPT.append(pool); pool.submit(int).result()
    def test_child():
        KEPT.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
    def test_temp_file(): tempfile.mkdtemp(prefix="left-by-a-test-", dir=os.environ["LEFT"])
    def test_handler(): logging.getLogger("shop").addHandler(logging.StreamHandler())
    def test_loop(): KEPT.append(asyncio.new_event_loop())
    def test_never_awaited(): asyncio.sleep(1)
    def test_list_of_a_library(): shop.APP.items.append(socket.socket())
    def test_several():
        for _ in range(3): KEPT.append(socket.socket())
    @pytest.mark.asyncio
    async def test_task(): KEPT.append(asyncio.create_task(asyncio.sleep(50)))
    @pytest.mark.asyncio
    async def test_timer(): asyncio.get_running_loop().call_later(50, int)
    @pytest.mark.asyncio
    async def test_generator():
        async def steps():
            yield 1
        one = steps(); await one.__anext__(); KEPT.append(one)
    @pytest.mark.asyncio
    async def test_transport():
        async def handle(reader, writer): await reader.read()
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        KEPT.append(await asyncio.open_connection(*server.sockets[0].getsockname()))
        server.close()
    @pytest.mark.asyncio(loop_scope="module")
    async def test_in_the_modules_loop(): KEPT.append(asyncio.create_task(asyncio.sleep(50)))
    @pytest.mark.asyncio(loop_scope="module")
    async def test_next_in_the_modules_loop(): pass
    class TestMethods:
        @pytest.mark.asyncio
        async def test_method(self): KEPT.append(asyncio.create_task(asyncio.sleep(50)))
    class TestUnittest(unittest.TestCase):
        def test_case(self): KEPT.append(socket.socket())
    class TestAsyncUnittest(unittest.IsolatedAsyncioTestCase):
        async def test_case(self): KEPT.append(asyncio.create_task(asyncio.sleep(50)))
    @pytest.fixture
    def leaky(): KEPT.append(socket.socket())
    def test_own_fixture(leaky): pass
    @pytest_asyncio.fixture
    async def leaky_later():
        yield 1
        KEPT.append(asyncio.create_task(asyncio.sleep(50)))
    @pytest.mark.asyncio
    async def test_own_async_fixture(leaky_later): pass
    @pytest.fixture(params=["clean", "leaky"])
    def word(request): return request.param
    def test_parameters(word):
        if word == "leaky": KEPT.append(socket.socket())
    def test_inside_a_scope_of_its_own():
        import outlive.lifetimes.scopes as scopes
        with scopes.scope("inner"): KEPT.append(socket.socket())
    def test_fails():
        KEPT.append(socket.socket())
        assert 1 == 2, "its own failure"
    @pytest.mark.asyncio
    async def test_fails_async(): assert 1 == 2, "an async failure"
    @pytest.mark.xfail
    def test_fails_as_expected():
        KEPT.append(socket.socket())
        assert 0
    def test_teardown_fails(request):
        KEPT.append(socket.socket())
        def broken(): raise ValueError("a broken teardown")
        request.addfinalizer(broken)
    @pytest.mark.outlives("sockets")
    def test_allowed_one_kind():
        KEPT.append(socket.socket()); os.pipe()
    @pytest.mark.outlives
    def test_allowed(): os.pipe()
    """

_SHOP = """
    import functools, logging, socket, threading
    from concurrent.futures import ThreadPoolExecutor
    _pool = None
    def pool():
        global _pool
        _pool = _pool or ThreadPoolExecutor(2)
        return _pool
    @functools.lru_cache(maxsize=None)
    def client(): return socket.socket()
    class App:
        def __init__(self): self.items = []
        def connect(self): self._connection = socket.socket()
    APP = App()
    """

_LAZY = """
    import logging, socket, threading
    SOCKETS = [socket.socket()]
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    logging.getLogger("lazy").addHandler(logging.StreamHandler())
    """

_INNOCENT = """
    import asyncio, logging, multiprocessing, socket, subprocess, sys, tempfile, threading, unittest
    import pytest, pytest_asyncio
    import shop
    STOP = threading.Event()

    def test_shared_pool(): shop.pool().submit(int).result()
    def test_shared_pool_again(): shop.pool().submit(int).result()
    def test_cached_client(): shop.client()
    def test_kept_connection(): shop.APP.connect()
    def test_lazy_import(): import lazy
    def test_log_record_keeps(caplog): logging.getLogger("x").warning("%s", socket.socket())
    def test_captures(capfd, tmp_path): (tmp_path / "file").write_text("x"); print("x")
    def test_temporary_folder():
        with tempfile.TemporaryDirectory(): pass
    def test_child(): subprocess.run([sys.executable, "-S", "-c", ""])
    def test_helper_of_multiprocessing(): multiprocessing.get_context("spawn").Lock()
    def test_cycle():
        class Session: pass
        one = Session(); one.itself = one; one.socket = socket.socket()
    def test_thread_that_ends_soon(): threading.Timer(0.02, int).start()
    def test_its_own_loop():
        async def main():
            asyncio.create_task(asyncio.sleep(10)); await asyncio.to_thread(int)
        asyncio.run(main())
    @pytest.fixture(scope="module")
    def server():
        thread = threading.Thread(target=STOP.wait); thread.start()
        sockets = socket.socketpair()
        yield
        STOP.set(); thread.join()
        for one in sockets: one.close()
    def test_first_user_of_a_server(server): pass
    def test_second_user_of_a_server(server): pass
    class TestUnittest(unittest.TestCase):
        def test_case(self): self.addCleanup(socket.socket().close)
    class TestAsyncUnittest(unittest.IsolatedAsyncioTestCase):
        async def test_case(self): await asyncio.create_task(asyncio.sleep(0))
    @pytest.mark.skip
    def test_skipped(): pass
    def test_skips(): pytest.skip("not today")
    @pytest.mark.xfail
    def test_fails_as_expected(): assert 0

    pytestmark = pytest.mark.filterwarnings("ignore")
    both = pytest.mark.asyncio
    @both
    async def test_worker_thread(): await asyncio.to_thread(int)
    @pytest.mark.asyncio(loop_scope="module")
    async def test_worker_thread_of_the_modules_loop(): await asyncio.to_thread(int)
    @pytest.mark.asyncio(loop_scope="module")
    async def test_after_it(): await asyncio.to_thread(int)
    @both
    async def test_server_and_client():
        async def handle(reader, writer): writer.write(await reader.read(3)); writer.close()
        async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"abc"); await reader.read(); writer.close(); await writer.wait_closed()
    @pytest_asyncio.fixture
    async def ticking():
        task = asyncio.create_task(asyncio.sleep(50))
        yield
        task.cancel()
    @both
    async def test_fixture_cancels_its_task(ticking): pass
    @both
    async def test_cancelled_and_not_awaited():
        task = asyncio.create_task(asyncio.sleep(50)); await asyncio.sleep(0); task.cancel()
    @both
    async def test_time_out():
        try: await asyncio.wait_for(asyncio.sleep(10), 0.01)
        except asyncio.TimeoutError: pass
    @both
    async def test_timer_due_soon(): asyncio.get_running_loop().call_later(0.01, int)
    @both
    async def test_dropped_generator():
        async def steps():
            yield 1
        async for _ in steps(): break
    """

_WIDE = """
    import socket
    import pytest
    KEPT = []
    @pytest.fixture(scope="module")
    def wide():
        KEPT.append(socket.socket())
        yield
        KEPT.append(socket.socket())
    def test_first(wide): pass
    def test_second(wide): pass
    def test_failed_test_keeps_its_socket():
        mine = socket.socket()
        assert 0
    """


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory, run_blaming: Run) -> Ran:
    folder = tmp_path_factory.mktemp("left")
    return run_blaming(folder, _LEFT, "--outlive", "-W", "ignore", LEFT=str(folder), **{"shop.py": _SHOP})


@pytest.fixture(scope="module")
def innocent(tmp_path_factory: pytest.TempPathFactory, run_blaming: Run) -> Ran:
    return run_blaming(
        tmp_path_factory.mktemp("innocent"), _INNOCENT, "--outlive", **{"shop.py": _SHOP, "lazy.py": _LAZY}
    )


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory, run_blaming: Run) -> Ran:
    return run_blaming(tmp_path_factory.mktemp("wide"), _WIDE, "--outlive")


@pytest.mark.parametrize(
    ("test", "words", "line"),
    [
        ("test_socket", "1 open socket", "KEPT.append(socket.socket())"),
        ("test_file", "1 open file", "open(__file__)"),
        ("test_pipe", "2 open descriptors", ""),
        ("test_thread", "1 running thread", "threading.Thread"),
        ("test_executor", "1 executor", "pool = ThreadPoolExecutor()"),
        ("test_child", "1 child process", "subprocess.Popen"),
        ("test_temp_file", "1 temporary file", "tempfile.mkdtemp"),
        ("test_handler", "1 logging handler", "addHandler"),
        ("test_loop", "1 event loop never closed", "new_event_loop"),
        ("test_never_awaited", "1 coroutine never awaited", "asyncio.sleep(1)"),
        ("test_list_of_a_library", "1 open socket", "shop.APP.items.append"),
        ("test_several", "3 open sockets", "KEPT.append(socket.socket())"),
        ("test_task", "1 pending asyncio task", "create_task"),
        ("test_timer", "1 timer", "call_later(50"),
        ("test_generator", "1 async generator", "steps()"),
        ("test_transport", "1 pending asyncio task, 2 open transports", "open_connection"),
        ("test_in_the_modules_loop", "1 pending asyncio task", "create_task"),
        ("TestMethods::test_method", "1 pending asyncio task", "create_task"),
        ("TestUnittest::test_case", "1 open socket", "socket.socket()"),
        ("TestAsyncUnittest::test_case", "1 pending asyncio task", "create_task"),
        ("test_own_fixture", "1 open socket", "def leaky()"),
        ("test_own_async_fixture", "1 pending asyncio task", "create_task"),
        ("test_parameters[leaky]", "1 open socket", "if word"),
        ("test_inside_a_scope_of_its_own", "1 open socket", 'scope("inner")'),
        ("test_fails", "1 open socket", "KEPT.append(socket.socket())"),
        ("test_allowed_one_kind", "2 open descriptors", ""),
    ],
)
def test_what_a_test_left_is_told_with_the_line_that_made_it(left: Ran, test: str, words: str, line: str) -> None:
    text = left.blame.get(f"test_it.py::{test}", "")
    assert f"left {words}" in text, left.output
    if line:
        made = re.search(r"made at .*test_it\.py:(\d+)", text)
        assert made is not None, text
        assert line in textwrap.dedent(_LEFT).splitlines()[int(made[1]) - 1]


def test_nobody_else_is_blamed(left: Ran) -> None:
    others = {"test_next_in_the_modules_loop", "test_parameters[clean]", "test_fails_async", "test_allowed"}
    assert not {name.partition("::")[2] for name in left.blame} & others, left.output


def test_the_holder_and_what_to_do_are_told(left: Ran) -> None:
    text = left.blame["test_it.py::test_socket"]
    assert re.search(r"held by test_it\.KEPT\[\d+\]", text)
    assert "to do: close it" in text
    assert '@pytest.mark.outlives("sockets")' in text


def test_a_failure_of_the_tests_own_stays_and_blame_comes_beside_it(left: Ran) -> None:
    assert "FAILED test_it.py::test_fails - AssertionError: its own failure" in left.output
    assert "ERROR test_it.py::test_fails - " in left.output
    assert "ERROR test_it.py::test_teardown_fails - ValueError: a broken teardown" in left.output
    assert left.blame["test_it.py::test_teardown_fails"]


def test_a_test_that_is_to_fail_is_not_failed_by_what_it_left(left: Ran) -> None:
    assert "ERROR test_it.py::test_fails_as_expected" not in left.output
    assert "1 xfailed" in left.output


def test_a_failing_async_test_shows_no_line_of_ours(left: Ran) -> None:
    text = left.output[left.output.index("_ test_fails_async _") :]
    assert "an async failure" in text
    assert "carrying.py" not in text


def test_nobody_innocent_is_blamed(innocent: Ran) -> None:
    assert (innocent.status, innocent.blame) == (0, {}), innocent.output


def test_what_is_made_once_for_all_is_told(innocent: Ran) -> None:
    for place in ("shop._pool", "shop.client", "shop.APP"):
        assert f"kept for all in {place}" in innocent.output


def test_a_wide_fixture_is_blamed_for_its_own_when_it_is_torn_down(wide: Ran) -> None:
    assert list(wide.blame) == ["'wide' (module scope, test_it.py)"], wide.output
    assert "left 2 open sockets" in next(iter(wide.blame.values()))


def test_what_the_traceback_of_a_failure_keeps_is_told_and_not_blamed(wide: Ran) -> None:
    assert "kept by the traceback of a failure (frame of test_failed_test_keeps_its_socket)" in wide.output


def test_options_of_pytest_go_together_with_it(tmp_path: Path, run_blaming: Run) -> None:
    source = """
        import socket
        KEPT = []
        def test_clean(): pass
        def test_leaky(): KEPT.append(socket.socket())
        def test_after(): pass
        """
    first = run_blaming(tmp_path, source, "--outlive", "-x", "-p", "no:logging", cache=True)
    assert (first.status, list(first.blame)) == (1, ["test_it.py::test_leaky"]), first.output
    assert "stopping after 1 failures" in first.output
    again = run_blaming(tmp_path, source, "--outlive", "--lf", cache=True)
    assert "rerun previous 1 failure" in again.output


def test_an_unknown_kind_in_the_mark_is_a_usage_error(tmp_path: Path, run_blaming: Run) -> None:
    ran = run_blaming(tmp_path, "import pytest\n@pytest.mark.outlives('cars')\ndef test_it(): pass", "--outlive")
    assert (ran.status, "takes children, coroutines" in ran.output) == (pytest.ExitCode.USAGE_ERROR, True), ran.output


def test_without_the_option_nothing_is_loaded_and_nobody_is_blamed(tmp_path: Path, run_blaming: Run) -> None:
    source = """
        import socket, sys
        import pytest
        KEPT = []
        @pytest.mark.outlives("sockets")
        def test_leaky():
            KEPT.append(socket.socket())
            assert not [name for name in sys.modules if name.startswith("outlive.blame")]
        """
    ran = run_blaming(tmp_path, source, "--strict-markers")
    assert (ran.status, ran.blame) == (0, {}), ran.output
