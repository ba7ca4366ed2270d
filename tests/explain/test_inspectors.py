"""Each inspector: the certain case, the innocent look-alike, and the one that nobody can tell."""

from __future__ import annotations

import pytest
from small_heap import heap

from outlive.explain.inspectors import inspect
from outlive.model.explanation import State

STUCK, EXPECTED = State.STUCK, State.EXPECTED
# One object `x` a row: its lines, and what it is known to be. Reasons that come without a state are State.UNKNOWN.
CASES = [
    # files
    ("x: _io.FileIO state=closed", STUCK),
    ("x: _io.FileIO state=open", None),
    ("x: _io.FileIO", None),
    ("x: tempfile._TemporaryFileWrapper\nx.file: _io.BufferedRandom state=closed", STUCK),
    ("x: tempfile._TemporaryFileWrapper\nx.file: _io.BufferedRandom state=open", None),
    ("x: tempfile._TemporaryFileWrapper", None),
    ("x: zipfile.ZipFile\nx.fp: NoneType text=None", STUCK),
    ("x: zipfile.ZipFile\nx.fp: _io.FileIO", None),
    # sockets
    ("x: ssl.SSLSocket bases=socket.socket,_socket.socket state=closed", STUCK),
    ("x: socket.socket bases=_socket.socket state=open", None),
    ("x: socket.socket bases=_socket.socket", None),
    ("x: selectors.EpollSelector bases=selectors._BaseSelectorImpl\nx._map: NoneType text=None", STUCK),
    ("x: selectors.EpollSelector bases=selectors._BaseSelectorImpl\nx._map: selectors._SelectorMapping", None),
    # asyncio
    ("x: _asyncio.Task state=done", STUCK),
    ("x: _asyncio.Future state=cancelled", STUCK),
    ("x: _asyncio.Task state=pending", State.UNKNOWN),
    ("x: _asyncio.Task", None),
    ("x: asyncio.events.TimerHandle bases=asyncio.events.Handle\nx._cancelled: bool text=True", STUCK),
    ("x: asyncio.events.TimerHandle bases=asyncio.events.Handle\nx._cancelled: bool text=False", State.UNKNOWN),
    ("x: uvloop.Loop bases=asyncio.base_events.BaseEventLoop\nx._closed: bool text=True", STUCK),
    ("x: uvloop.Loop bases=asyncio.base_events.BaseEventLoop\nx._closed: bool text=False", None),
    ("x: t.T bases=asyncio.selector_events._SelectorTransport\nx._sock: NoneType text=None", STUCK),
    ("x: t.T bases=asyncio.selector_events._SelectorTransport\nx._sock: socket.socket", None),
    # generators
    ("x: generator state=finished", STUCK),
    ("x: generator state=suspended", State.UNKNOWN),
    ("x: coroutine state=running", EXPECTED),
    ("x: coroutine state=created", State.UNKNOWN),
    ("x: generator state=created", None),
    ("x: async_generator", None),
    # threads
    ("x: app.Worker bases=threading.Thread\nx._is_stopped: bool text=True", STUCK),
    (
        ("x: threading.Thread\nx._is_stopped: bool text=False\nx._started: threading.Event\n"
        "x._started._flag: bool text=True"),
        EXPECTED,
    ),
    (
        ("x: threading.Thread new\nx._is_stopped: bool text=False\nx._started: threading.Event\n"
        "x._started._flag: bool text=True"),
        STUCK,
    ),
    (
        ("x: threading.Thread\nx._is_stopped: bool text=False\nx._started: threading.Event\n"
        "x._started._flag: bool text=False"),
        None,
    ),
    ("x: threading.Thread", None),
    ("x: concurrent.futures.thread.ThreadPoolExecutor\nx._shutdown: bool text=True", STUCK),
    ("x: concurrent.futures.thread.ThreadPoolExecutor\nx._shutdown: bool text=False", None),
    ("x: threading.Timer\nx.finished: threading.Event\nx.finished._flag: bool text=True", STUCK),
    ("x: threading.Timer\nx.finished: threading.Event\nx.finished._flag: bool text=False", None),
    # processes
    ("x: subprocess.Popen\nx.returncode: int text=0", STUCK),
    ("x: subprocess.Popen\nx.returncode: int", STUCK),
    ("x: subprocess.Popen\nx.returncode: NoneType text=None", State.UNKNOWN),
    ("x: subprocess.Popen", None),
    # databases and clients
    ("x: sqlite3.Connection state=closed", STUCK),
    ("x: sqlite3.Connection state=open", None),
    ("x: aiosqlite.core.Connection\nx._connection: NoneType text=None\nx._running: bool text=False", STUCK),
    ("x: aiosqlite.core.Connection\nx._connection: NoneType text=None\nx._running: bool text=True", None),
    ("x: aiohttp.client.ClientSession\nx._connector: NoneType text=None", STUCK),
    ("x: aiohttp.client.ClientSession\nx._connector: aiohttp.connector.TCPConnector", None),
    # the rest
    ("x: weakref.ReferenceType state=dead", STUCK),
    ("x: weakref.ReferenceType state=alive", None),
    ("x: ValueError bases=Exception,BaseException\nx.__traceback__: traceback", State.UNKNOWN),
    ("x: ValueError bases=Exception,BaseException\nx.__traceback__: NoneType text=None", None),
    ("x: logging.LogRecord", State.UNKNOWN),
    ("x: logging.FileHandler bases=logging.Handler\nx._closed: bool text=True", STUCK),
    ("x: logging.FileHandler bases=logging.Handler\nx._closed: bool text=False", None),
    ("x: unittest.mock._CallList bases=list", State.UNKNOWN),
    ("x: _pytest.python.Function\nx._request: bool text=False", STUCK),
    ("x: _pytest.python.Function\nx._request: _pytest.fixtures.TopRequest", None),
    ("x: app.TestIt bases=unittest.case.TestCase new\nx._outcome: NoneType text=None", STUCK),
    ("x: app.TestIt bases=unittest.case.TestCase\nx._outcome: NoneType text=None", None),
    ("x: contextlib._GeneratorContextManager\nx.gen: generator state=finished", STUCK),
    ("x: contextlib._GeneratorContextManager\nx.gen: generator state=suspended", None),
    ("x: list_iterator state=exhausted", STUCK),
    ("x: list_iterator", None),
    ("x: _contextvars.Token state=used", STUCK),
    ("x: _contextvars.Token", State.UNKNOWN),
    ("x: memoryview state=released", STUCK),
    ('x: frame what="frame app.run (app.py:3)"', None),
    # modules, classes, age
    ("x: module new\nx.__spec__: importlib.ModuleSpec", EXPECTED),
    ("x: module new", STUCK),
    ('x: type what="class app.Session"', EXPECTED),
    ('x: type what="class app.make.<locals>.Session"', None),
    ('x: type what="class app.Session" new', STUCK),
    ("x: dict old", EXPECTED),
    ("x: _io.FileIO state=closed old", EXPECTED),
    ("x: dict step=214", STUCK),
    ("x: dict", None),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "state"), CASES, ids=[lines.replace("\n", "; ") for lines, _ in CASES])
def test_object_is_called_what_it_certainly_is(lines: str, state: State | None) -> None:
    small = heap(f"app: module old\n{_rooted(lines)}")
    answer = inspect(small, small.node("app.x"), small.context())
    assert (answer.state if answer else None) == state
    assert answer is None or answer.reason


def _rooted(lines: str) -> str:
    """Module objects begin paths of their own; here they are held like any other."""
    rooted = "\n".join(f"app.{line}" for line in lines.splitlines())
    return rooted.replace("app.x: module", "app.x: module held")


def test_reason_names_the_step() -> None:
    small = heap("app: module\napp.x: dict step=214")
    answer = inspect(small, small.node("app.x"), small.context())
    assert answer
    assert answer.reason == "made in step 214, which has ended"
