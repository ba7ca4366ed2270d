"""A program that makes a resource of each class of the standard library's packs: one open, one ended, one idle.

Takes a snapshot into argv[1] and prints, as JSON, class -> state -> address, and the addresses of what is the
interpreter's own. Run by test_standard_packs.py.
"""

# ruff: noqa: SIM115 - leaving things open is what it is for

from __future__ import annotations

import _socket
import asyncio
import concurrent.futures as cf
import contextvars
import gzip
import http.client
import json
import logging.handlers
import mmap
import multiprocessing
import multiprocessing.connection
import multiprocessing.managers
import multiprocessing.pool
import multiprocessing.shared_memory
import os
import queue
import selectors
import socket
import socketserver
import sqlite3
import ssl
import subprocess
import sys
import tarfile
import tempfile
import threading
import traceback
import weakref
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from outlive.capture.snapshot import take

FOUND: dict[str, dict[str, Any]] = {}
FOLDER = Path(tempfile.mkdtemp())
STOP = threading.Event()
NOISE = subprocess.DEVNULL


def note(kind: str, **states: Any) -> None:
    FOUND[kind] = states


class Nothing:
    """Something to be weakly referred to."""


THING = Nothing()


def synchronous() -> None:
    files_and_archives()
    sockets()
    threads()
    children()
    others()


def files_and_archives() -> None:
    opened, closed = (open(FOLDER / name, "w") for name in ("open", "closed"))
    closed.close()
    note("_io.FileIO", open=opened.buffer.raw, ended=closed.buffer.raw, other=[opened, closed])
    scanned, over = os.scandir(FOLDER), os.scandir(FOLDER)
    over.close()
    note("posix.ScandirIterator", open=scanned, ended=over)
    mapped, unmapped = mmap.mmap(-1, 4096), mmap.mmap(-1, 4096)
    unmapped.close()
    note("mmap.mmap", open=mapped, ended=unmapped)
    one, two = (zipfile.ZipFile(FOLDER / name, "w") for name in ("1.zip", "2.zip"))
    two.close()
    note("zipfile.ZipFile", open=one, ended=two)
    first, second = (tarfile.open(FOLDER / name, "w") for name in ("1.tar", "2.tar"))
    second.close()
    note("tarfile.TarFile", open=first, ended=second)
    packed, done = gzip.open(FOLDER / "1.gz", "w"), gzip.open(FOLDER / "2.gz", "w")
    done.close()
    note("gzip.GzipFile", open=packed, ended=done)
    temporary()


def temporary() -> None:
    here, gone = tempfile.TemporaryDirectory(), tempfile.TemporaryDirectory()
    gone.cleanup()
    note("tempfile.TemporaryDirectory", open=here, ended=gone)
    held, closed = tempfile.NamedTemporaryFile(), tempfile.NamedTemporaryFile()
    closed.close()
    note("tempfile._TemporaryFileWrapper", open=held, ended=closed)
    spools = [tempfile.SpooledTemporaryFile() for _ in range(3)]
    for spool in spools[:2]:
        spool.rollover()
    spools[1].close()
    note("tempfile.SpooledTemporaryFile", open=spools[0], ended=spools[1], idle=spools[2])


def sockets() -> None:
    left, right = socket.socketpair()
    right.close()
    note("socket.socket", open=left, ended=right)
    bare, bare_ended = _socket.socket(), _socket.socket()
    bare_ended.close()
    note("_socket.socket", open=bare, ended=bare_ended)
    selector, shut = selectors.DefaultSelector(), selectors.DefaultSelector()
    shut.close()
    note("selectors._BaseSelectorImpl", open=selector, ended=shut)
    serving, served = (socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) for _ in range(2))
    served.server_close()
    note("socketserver.BaseServer", open=serving, ended=served)
    asked, never = (http.client.HTTPConnection(*serving.server_address) for _ in range(2))
    asked.connect()
    note("http.client.HTTPConnection", open=asked, ended=never)
    context = ssl.create_default_context()
    pairs = [socket.socketpair() for _ in range(2)]
    secure, over = (
        context.wrap_socket(pair[0], server_hostname="localhost", do_handshake_on_connect=False) for pair in pairs
    )
    over.close()
    note("ssl.SSLSocket", open=secure, ended=over, other=pairs)
    handler, closed = (logging.handlers.SocketHandler(*serving.server_address) for _ in range(2))
    handler.createSocket()
    closed.createSocket()
    closed.close()
    note("logging.handlers.SocketHandler", open=handler, ended=closed)


def threads() -> None:
    running, finished, created, daemon = (
        threading.Thread(target=target, daemon=daemon)
        for target, daemon in ((STOP.wait, False), (print_nothing, False), (print_nothing, False), (STOP.wait, True))
    )
    for thread in (running, finished, daemon):
        thread.start()
    finished.join()
    unasked = finished_and_never_asked()
    note("threading.Thread", open=running, ended=[finished, unasked], idle=[created, daemon])
    waiting, cancelled, unstarted = (threading.Timer(600, print_nothing) for _ in range(3))
    waiting.start()
    cancelled.start()
    cancelled.cancel()
    note("threading.Timer", open=waiting, ended=cancelled, idle=unstarted)
    note("threading._MainThread", idle=threading.main_thread())
    note("threading._DummyThread", idle=dummy())
    pool, over, unused = (cf.ThreadPoolExecutor(1) for _ in range(3))
    pool.submit(print_nothing).result()
    over.submit(print_nothing).result()
    over.shutdown()
    note("concurrent.futures.thread.ThreadPoolExecutor", open=pool, ended=over, idle=unused)
    listeners = [logging.handlers.QueueListener(queue.Queue()) for _ in range(2)]
    for listener in listeners:
        listener.start()
    listeners[1].stop()
    note("logging.handlers.QueueListener", open=listeners[0], ended=listeners[1])


def finished_and_never_asked() -> threading.Thread:
    """A thread of which nobody asks whether it has ended; its end is seen by what its last variable was."""
    import _thread

    ended = threading.Thread(target=print_nothing)
    before = _thread._count()
    ended.start()
    while _thread._count() > before:
        STOP.wait(0.001)
    return ended


def dummy() -> threading.Thread:
    import _thread

    made: queue.Queue[threading.Thread] = queue.Queue()

    def run() -> None:
        made.put(threading.current_thread())
        STOP.wait()

    _thread.start_new_thread(run, ())
    return made.get()


def print_nothing() -> None:
    print(end="")


def children() -> None:
    running, waited = (subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=NOISE) for _ in range(2))
    waited.communicate()
    try:
        subprocess.Popen([str(FOLDER / "no such program")])
    except OSError as error:
        failed = failed_child(error)
    note("subprocess.Popen", open=running, ended=waited, over=failed)
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=STOP.wait, daemon=True) for _ in range(3)]
    for process in processes[:2]:
        process.start()
    processes[1].kill()
    processes[1].join()
    note(
        "multiprocessing.process.BaseProcess",
        open=processes[0],
        ended=processes[1],
        idle=[processes[2], multiprocessing.current_process()],
    )
    pool, over = multiprocessing.pool.ThreadPool(1), multiprocessing.pool.ThreadPool(1)
    closed = multiprocessing.pool.ThreadPool(1)
    over.terminate()
    closed.close()
    note("multiprocessing.pool.Pool", open=pool, ended=[over, closed])
    managers = [multiprocessing.managers.BaseManager(ctx=fork) for _ in range(3)]
    for manager in managers[:2]:
        manager.start()
    managers[1].shutdown()
    note("multiprocessing.managers.BaseManager", open=managers[0], ended=managers[1], idle=managers[2])
    executors = [cf.ProcessPoolExecutor(1, mp_context=fork) for _ in range(3)]
    for executor in executors[:2]:
        executor.submit(print_nothing).result()
    executors[1].shutdown()
    note("concurrent.futures.process.ProcessPoolExecutor", open=executors[0], ended=executors[1], idle=executors[2])


def failed_child(error: BaseException) -> Any:
    """The Popen that could not start its program, from the frame where that failed."""
    at = error.__traceback__
    while at is not None:
        found = at.tb_frame.f_locals.get("self")
        if isinstance(found, subprocess.Popen):
            return found
        at = at.tb_next
    raise AssertionError


def others() -> None:
    queues = [multiprocessing.Queue() for _ in range(2)]
    queues[1].close()
    note("multiprocessing.queues.Queue", open=queues[0], ended=queues[1])
    left, right = multiprocessing.Pipe()
    right.close()
    note("multiprocessing.connection._ConnectionBase", open=left, ended=right)
    shared = [multiprocessing.shared_memory.SharedMemory(create=True, size=64) for _ in range(2)]
    for memory in shared:
        memory.unlink()
    shared[1].close()
    note("multiprocessing.shared_memory.SharedMemory", open=shared[0], ended=shared[1])
    base, closed = sqlite3.connect(":memory:"), sqlite3.connect(":memory:")
    closed.close()
    note("sqlite3.Connection", open=base, ended=closed)
    handlers = [logging.FileHandler(FOLDER / name, delay=name == "late") for name in ("log", "over", "late")]
    handlers[1].close()
    note("logging.FileHandler", open=handlers[0], ended=handlers[1:])
    alive, dead = weakref.finalize(THING, print_nothing), weakref.finalize(THING, print_nothing)
    dead.detach()
    note("weakref.finalize", idle=alive, ended=dead)
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("number")
    variable.reset(used := variable.set(1))
    note("_contextvars.Token", unclear=variable.set(2), ended=used)


async def asynchronous() -> None:
    loop = asyncio.get_running_loop()
    standing, over = asyncio.new_event_loop(), asyncio.new_event_loop()
    late = over.call_later(600, print_nothing)
    over.close()
    note("asyncio.base_events.BaseEventLoop", open=standing, ended=over, idle=loop)
    await timers(late)
    await transports(loop)
    generators = [counting() for _ in range(3)]
    for generator in generators[:2]:
        await generator.__anext__()
    await generators[1].aclose()
    note("async_generator", open=generators[0], ended=generators[1], idle=generators[2])
    gate = loop.create_future()
    tasks = [asyncio.create_task(waits(gate)) for _ in range(2)]
    done = asyncio.create_task(asyncio.sleep(0))
    tasks[1].cancel()
    await asyncio.wait([tasks[1], done])
    note("_asyncio.Task", open=tasks[0], ended=[tasks[1], done])
    pure = asyncio.tasks._PyTask  # type: ignore[attr-defined]
    written = [pure(waits(gate)), pure(asyncio.sleep(0))]
    await written[1]
    note("asyncio.tasks.Task", open=written[0], ended=written[1])
    snapshot()


async def waits(gate: asyncio.Future[None]) -> None:
    await gate


async def counting() -> AsyncIterator[int]:
    for number in range(9):
        yield number


async def timers(late: asyncio.TimerHandle) -> None:
    loop = asyncio.get_running_loop()
    fired = asyncio.Event()
    waiting, cancelled, ran = (loop.call_later(delay, fired.set) for delay in (600, 600, 0))
    cancelled.cancel()
    await fired.wait()
    note("asyncio.events.TimerHandle", open=waiting, ended=[cancelled, late], over=ran)
    never = loop.call_soon(print_nothing)
    never.cancel()
    loop.add_signal_handler(10, print_nothing)
    note("asyncio.events.Handle", ended=never, open=loop._signal_handlers[10])  # type: ignore[attr-defined]


async def transports(loop: asyncio.AbstractEventLoop) -> None:
    server, closed = [await loop.create_server(asyncio.Protocol, "127.0.0.1", 0) for _ in range(2)]
    closed.close()
    note("asyncio.base_events.Server", open=server, ended=closed)
    host, port = server.sockets[0].getsockname()
    client, over = [await loop.create_connection(asyncio.Protocol, host, port) for _ in range(2)]
    over[0].close()
    note("asyncio.selector_events._SelectorTransport", open=client[0], ended=over[0])
    reading, read = [await loop.connect_read_pipe(asyncio.Protocol, os.fdopen(os.pipe()[0], "rb")) for _ in range(2)]
    read[0].close()
    note("asyncio.unix_events._UnixReadPipeTransport", open=reading[0], ended=read[0])
    pipes = [os.pipe() for _ in range(2)]
    writing, written = [await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(pipe[1], "wb")) for pipe in pipes]
    written[0].close()
    note("asyncio.unix_events._UnixWritePipeTransport", open=writing[0], ended=written[0])
    running, ended = [await asyncio.create_subprocess_exec("cat", stdin=subprocess.PIPE) for _ in range(2)]
    await ended.communicate(b"")
    note(
        "asyncio.base_subprocess.BaseSubprocessTransport",
        open=running._transport,  # type: ignore[attr-defined]
        ended=ended._transport,  # type: ignore[attr-defined]
    )
    await secure_transports(loop)


async def secure_transports(loop: asyncio.AbstractEventLoop) -> None:
    """TLS with nobody at the other end: Python has the transport before the handshake is done."""
    made: list[Any] = []
    for _ in range(2):
        near, far = socket.socketpair()
        protocol = asyncio.sslproto.SSLProtocol(
            loop, asyncio.Protocol(), ssl.create_default_context(), None, False, "localhost"
        )
        await loop.create_connection(lambda told=protocol: told, sock=near)
        made += [far, protocol._app_transport]
    made[3].close()
    note("asyncio.sslproto._SSLProtocolTransport", open=made[1], ended=made[3], other=made)


def snapshot() -> None:
    take(sys.argv[1])
    buffers = [stream.buffer for stream in (sys.stdin, sys.stdout, sys.stderr)]
    own = [id(getattr(buffer, "raw", buffer)) for buffer in buffers]  # unbuffered, there is no layer between
    states = {kind: {state: addresses(objects) for state, objects in states.items()} for kind, states in FOUND.items()}
    print(json.dumps({"resources": states, "own": own}), flush=True)


def addresses(objects: Any) -> list[int]:
    return [id(one) for one in objects] if isinstance(objects, list) else [id(objects)]


def end_children() -> None:
    """What would hang on or be asked about once we are gone."""
    FOUND["subprocess.Popen"]["open"].kill()
    FOUND["multiprocessing.managers.BaseManager"]["open"].shutdown()
    FOUND["multiprocessing.process.BaseProcess"]["open"].kill()
    for process in list(FOUND["concurrent.futures.process.ProcessPoolExecutor"]["open"]._processes.values()):
        process.kill()
    FOUND["asyncio.base_subprocess.BaseSubprocessTransport"]["open"].kill()


def end() -> None:
    import shutil

    end_children()
    FOUND["tempfile.TemporaryDirectory"]["open"].cleanup()
    FOUND["tempfile._TemporaryFileWrapper"]["open"].close()
    shutil.rmtree(FOLDER)
    os._exit(0)


if __name__ == "__main__":
    synchronous()
    runner = asyncio.new_event_loop()
    try:
        runner.run_until_complete(asynchronous())
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        end()
