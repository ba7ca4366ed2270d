"""`pytest --outlive`: what fixtures of wider scope have in hand, loops that fixtures make, and what is made once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

Ran = Any  # conftest's: status, output, and blame by test
Run = Callable[..., Ran]
pytestmark = pytest.mark.slow

_PRODUCT = """
    import asyncio, functools, logging, socket, threading
    from concurrent.futures import ThreadPoolExecutor

    class Client:
        '''Connects when it is first asked, and keeps what it has for the next who asks.'''
        def __init__(self): self.open, self.thread, self.reader, self.end = [], None, None, threading.Event()
        def ask(self):
            if not self.open: self.open.append(socket.socket())
            if self.thread is None:
                self.thread = threading.Thread(target=self.end.wait, daemon=True); self.thread.start()
        async def ask_async(self):
            if self.reader is None:
                self.reader = asyncio.get_running_loop().create_task(asyncio.Event().wait())
                self.timer = asyncio.get_running_loop().call_later(500, int)
        def close(self):
            for one in self.open: one.close()
            self.end.set()
            if self.thread: self.thread.join()
            if self.reader: self.reader.cancel(); self.timer.cancel()

    class ConnectionPool:
        def __init__(self): self.idle = []
        def use(self): self.idle.append(self.idle.pop() if self.idle else socket.socket())

    POOL, SHARED, BUS, background = ConnectionPool(), None, [], None
    def shared():
        global SHARED
        SHARED = SHARED or Client()
        return SHARED
    def background_loop():
        global background
        if background is None:
            loop = asyncio.new_event_loop()
            background = loop, threading.Thread(target=loop.run_forever, daemon=True)
            background[1].start()
        return background[0]
    @functools.lru_cache
    def executor():
        one = ThreadPoolExecutor(1); one.submit(int).result(); return one
    def set_up_logging():
        logging.getLogger("product").addHandler(logging.StreamHandler())
    """

_CONFTEST = """
    import asyncio, gc
    import pytest, pytest_asyncio
    import product
    @pytest.fixture(scope="session")
    def client():
        one = product.Client(); yield one; one.close()
    @pytest.fixture(scope="module")
    def hidden():
        one = product.Client(); yield one.ask; one.close()
    @pytest.fixture(scope="session")
    def never_closed(): return product.Client()
    @pytest_asyncio.fixture(scope="session", loop_scope="session")
    async def async_client():
        one = product.Client(); yield one; one.close()
    @pytest.fixture
    def own_loop():
        loop = asyncio.new_event_loop(); yield loop; loop.close()
    @pytest.fixture(scope="session")
    def wide_loop():
        loop = asyncio.new_event_loop(); yield loop; loop.close()
    """

_TESTS = """
    import asyncio, socket, threading
    import pytest
    import product
    from product import BUS
    in_the_wide_loop = pytest.mark.asyncio(loop_scope="session")

    class TestClass:
        @classmethod
        def setup_class(cls): cls.client = product.Client()
        @classmethod
        def teardown_class(cls): cls.client.close()
        def test_first(self): self.client.ask()
        def test_second(self): self.client.ask()
    def test_client_first(client): client.ask()
    def test_client_second(client): client.ask()
    def test_what_a_generator_has_in_hand(hidden): hidden()
    def test_pool(): product.POOL.use()
    def test_shared(): product.shared().ask()
    def test_executor(): product.executor()
    def test_logging(): product.set_up_logging()
    def test_never_closed(never_closed): never_closed.ask()
    @in_the_wide_loop
    async def test_async_client(async_client): await async_client.ask_async()
    @in_the_wide_loop
    async def test_async_client_again(async_client): await async_client.ask_async()
    @in_the_wide_loop
    async def test_shared_async(): await product.shared().ask_async()
    def test_background():
        async def work(): await asyncio.sleep(0.01)
        asyncio.run_coroutine_threadsafe(work(), product.background_loop()).result()
    def test_wide_loop(wide_loop): wide_loop.run_until_complete(asyncio.sleep(0))
    def test_own_loop(own_loop): own_loop.run_until_complete(asyncio.sleep(0))
    def test_cancelled_and_not_awaited(wide_loop):
        async def go():
            task = asyncio.ensure_future(asyncio.sleep(50)); await asyncio.sleep(0); task.cancel()
        wide_loop.run_until_complete(go())

    class Desk:
        def begin(self, loop):
            self.task = loop.create_task(asyncio.Event().wait())
            BUS.append(self.told)
        def told(self): pass
    async def server():
        BUS.append(await asyncio.start_server(print, "127.0.0.1", 0))
    def test_leaves_task(wide_loop): Desk().begin(wide_loop)
    def test_leaves_timer(wide_loop): BUS.append(wide_loop.call_later(500, int))
    def test_leaves_listener(wide_loop): wide_loop.run_until_complete(server())
    def test_leaves_task_in_own_loop(own_loop): Desk().begin(own_loop)
    @in_the_wide_loop
    async def test_leaves_task_beside_client(async_client): BUS.append(asyncio.create_task(asyncio.sleep(50)))
    def test_leaves_task_in_background():
        begun = threading.Event()
        async def work():
            begun.set(); await asyncio.sleep(600)
        asyncio.run_coroutine_threadsafe(work(), product.background_loop()); begun.wait()
    def test_leaves_thread_on_client(client):
        client.extra = threading.Thread(target=threading.Event().wait, daemon=True); client.extra.start()
    def test_leaves_second_handler(): product.set_up_logging()
    """


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, run_blaming: Run) -> Ran:
    folder = tmp_path_factory.mktemp("fixtures")
    return run_blaming(
        folder, _TESTS, "--outlive", "-W", "ignore", **{"product.py": _PRODUCT, "conftest.py": _CONFTEST}
    )


@pytest.mark.parametrize(
    ("test", "left", "held"),
    [
        ("test_leaves_task", "1 pending asyncio task", r"held by product\.BUS\[0\]\.__self__\.task"),
        ("test_leaves_timer", "1 timer", r"held by product\.BUS\[1\]"),
        ("test_leaves_listener", "1 open socket", r"held by product\.BUS\[2\]\._sockets\[0\]"),
        ("test_leaves_task_in_own_loop", "1 pending asyncio task", r"held by product\.BUS\[3\]\.__self__\.task"),
        ("test_leaves_task_beside_client", "1 pending asyncio task", r"held by product\.BUS\[4\]"),
        ("test_leaves_task_in_background", "1 pending asyncio task", "held by its event loop"),
        ("test_leaves_thread_on_client", "1 running thread", "until 'client' .session scope, conftest.py. ended"),
        ("test_leaves_second_handler", "1 logging handler", ""),
    ],
)
def test_what_a_test_left_is_found_with_the_way_that_holds_it(ran: Ran, test: str, left: str, held: str) -> None:
    text = ran.blame.get(f"test_it.py::{test}", "")
    assert f"left {left} behind" in text, ran.output
    assert re.search(held, text), text


def test_nobody_else_is_blamed(ran: Ran) -> None:
    others = {name for name in ran.blame if "::test_leaves_" not in name}
    assert others == {"'never_closed' (session scope, conftest.py)"}, ran.output


def test_a_fixture_that_does_not_end_what_it_has_in_hand_is_blamed_with_who_first_asked(ran: Ran) -> None:
    text = ran.blame["'never_closed' (session scope, conftest.py)"]
    assert "left 1 running thread behind" in text
    assert "made while test_it.py::test_never_closed ran, and kept by the fixture until its end" in text


@pytest.mark.parametrize(
    "place",
    [
        *("product.POOL.idle[0]", "product.SHARED.thread", "product.SHARED.open[0]", "product.SHARED.reader"),
        *("product.executor", "product.background[0]", "product.background[1]", "logger 'product'"),
    ],
)
def test_what_is_made_once_for_all_is_told_and_blamed_on_nobody(ran: Ran, place: str) -> None:
    assert re.search(rf"kept for all (in|by) {re.escape(place)}", ran.output), ran.output
