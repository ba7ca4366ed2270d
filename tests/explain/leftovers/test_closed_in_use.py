"""What was closed while its user still ran: by what the user has, and by the call that he is in."""

from __future__ import annotations

import pytest
from seen_programs import Seen, about, accused, no_word_of, run

from outlive.contracts import built_in
from outlive.model.contracts import Condition, Resource, Use
from outlive.model.leftovers import Leftover

pytestmark = pytest.mark.slow
PACKS = [pack for pack in built_in() if pack.name in ("sockets", "files", "logging", "asyncio")]
RESOURCES = [row for pack in PACKS for row in pack.resources]
USES = [row for pack in PACKS for row in pack.uses]
CLOSED = (Condition("closed"),)
PROGRAM = """
import asyncio, gzip, io, logging, os, selectors, socket, threading
from noting import look

def opened(): return open(os.devnull, "w")
def attached(name, stream):
    handler = logging.StreamHandler(stream)
    logging.getLogger(name).addHandler(handler)
    return handler

# ---- users by what they have
attached("closed.early", early := opened()); early.close()
attached("in.memory", memory := io.StringIO()); memory.close()
removed = attached("removed", gone := opened()); logging.getLogger("removed").removeHandler(removed); gone.close()
attached("fine", opened())
there, here = socket.socketpair()
unregistered, other = socket.socketpair()
tidy = selectors.DefaultSelector()
tidy.register(unregistered, 1); tidy.unregister(unregistered); unregistered.close()
selector = selectors.DefaultSelector()
selector.register(there, 1); there.close()
shut = selectors.DefaultSelector(); shut.register(other, 1); shut.close(); other.close()
raw = open(os.devnull, "wb"); packed = gzip.GzipFile(fileobj=raw, mode="wb"); raw.close()
raw_too = open(os.devnull, "wb"); whole = gzip.GzipFile(fileobj=raw_too, mode="wb"); whole.close(); raw_too.close()

class Strange:
    @property
    def over(self): return False
    def __init__(self): self.file = opened()
strange = Strange(); strange.file.close()
class Plain:
    over = False
    def __init__(self): self.file = opened()
plain = Plain(); plain.file.close()
lost = Plain(); lost.me = lost; lost.file.close(); del lost

# ---- users by the call that they are in
class Client:
    closed = False
    def ask(self, begun, end): begun.set(); end.wait()
    async def get(self, future): await future
    async def run(self, future): await self.get(future)
    async def close(self, future): self.closed = True; await future
class Lazy(Client):
    sock = None
class Unreadable(Client):
    closed = property(lambda self: True)

def asks(client, begun): client.ask(begun, end)
async def fetch(client, future): await client.get(future)
async def ends(client, future): await client.close(future)
async def keeps(client, future): await future

end = threading.Event()
asked, open_one, unreadable, lazy = Client(), Client(), Unreadable(), Lazy()
threads = []
for client in (asked, open_one, unreadable, lazy):
    begun = threading.Event()
    threads.append(threading.Thread(target=asks, args=(client, begun), name=f"asks {len(threads)}"))
    threads[-1].start(); begun.wait()
asked.closed = True

async def main():
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    fetched, ending, running, kept = (Client() for _ in range(4))
    tasks = [
        loop.create_task(fetch(fetched, future)), loop.create_task(ends(ending, future)),
        loop.create_task(running.run(future)), loop.create_task(keeps(kept, future)),
    ]
    await asyncio.sleep(0)
    fetched.closed = running.closed = kept.closed = True
    reader, writer = await asyncio.open_connection(sock=there2)
    await asyncio.sleep(0)
    there2.close()
    look("look")
    future.set_result(None)
    await asyncio.gather(*tasks)
    writer.transport.abort()
there2, here2 = socket.socketpair()
asyncio.run(main())
end.set()
for thread in threads: thread.join()
os._exit(0)
"""
MINE = (
    Resource("__main__.Client", "client", "close()", "", CLOSED),
    Resource("__main__.Lazy", "lazy client", "close()", "", (Condition("sock", "none"),)),
    *RESOURCES,
)
MY_USES = (
    Use("__main__.Strange", "file", "strange writer", until=(Condition("over"),)),
    Use("__main__.Plain", "file", "plain writer", until=(Condition("over"),)),
    *USES,
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Leftover, ...]:
    seen: Seen = run(PROGRAM, tmp_path_factory.mktemp("used"))["look"]
    return tuple(one for one in seen.leftovers(*MINE, uses=MY_USES) if one.problem == "closed-while-used")


def test_nothing_that_was_closed_in_use_is_called_a_leak(found: tuple[Leftover, ...]) -> None:
    assert found
    assert not accused(found)


@pytest.mark.parametrize(
    "words",
    [
        "1 file, made at app.py:5 in opened(), was closed while the logger `closed.early` still used it.",
        "closed while the logger `in.memory` still used it.",
        "closed while the selector still used it.",
        "closed while the gzip file still used it.",
        "closed while the transport still used it.",
        "closed while the plain writer still used it.",
    ],
)
def test_closed_thing_is_told_with_who_has_it(found: tuple[Leftover, ...], words: str) -> None:
    assert about(found, words).count == 1


def test_closed_client_is_told_with_the_thread_and_the_task_that_are_in_a_call_to_it(
    found: tuple[Leftover, ...],
) -> None:
    thread, task = about(found, "while thread 'asks 0' still used it"), about(found, "while the task `fetch` still")
    assert any("is in a call of __main__." in line and "ask (app.py:" in line for line in thread.evidence)
    assert (thread.kind, task.kind) == ("client", "client")


def test_users_that_have_ended_or_are_garbage_or_let_go_of_it_are_none(found: tuple[Leftover, ...]) -> None:
    assert no_word_of(found, "`removed`")
    assert no_word_of(found, "`fine`")
    assert len([one for one in found if one.kind in ("file", "socket")]) == 6


def test_user_whose_state_cannot_be_read_is_not_told(found: tuple[Leftover, ...]) -> None:
    assert no_word_of(found, "strange writer")


def test_what_is_just_being_opened_is_not_closed(found: tuple[Leftover, ...]) -> None:
    assert "lazy client" not in {one.kind for one in found}


def test_closing_call_own_task_and_mere_variable_are_no_users(found: tuple[Leftover, ...]) -> None:
    assert sum(one.count for one in found if one.kind == "client") == 2
