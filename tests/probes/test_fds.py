from __future__ import annotations

import contextlib
import os
import select
import socket
import tempfile

import pytest

from outlive.probes import fds, socket_names


def grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {kind: after[kind] - before.get(kind, 0) for kind in after if after[kind] != before.get(kind, 0)}


def test_counting_twice_counts_the_same_since_its_own_descriptor_is_left_out():
    assert fds.count_by_kind() == fds.count_by_kind()
    assert sum(fds.count_by_kind().values()) == len(fds.list_open())


def test_each_kind_is_told_by_its_name(tmp_path):
    before = fds.count_by_kind()
    with socket.socket(), select.epoll(), open(tmp_path / "kept", "w"), open(os.devnull), tempfile.TemporaryFile():
        pipe = os.pipe()
        after = fds.count_by_kind()
    for descriptor in pipe:
        os.close(descriptor)
    assert grown(before, after) == {"socket": 1, "epoll": 1, "file": 1, "device": 1, "deleted-file": 1, "pipe": 2}


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("anon_inode:[eventfd]", "eventfd"),
        ("anon_inode:[timerfd]", "timerfd"),
        ("anon_inode:[signalfd]", "signalfd"),
        ("anon_inode:inotify", "inotify"),
        ("anon_inode:[io_uring]", "io-uring"),
        ("anon_inode:[pidfd]", "pidfd"),
        ("pidfd:[4711]", "pidfd"),
        ("anon_inode:bpf-map", "bpf"),
        ("net:[4026531840]", "namespace"),
        ("/memfd:shared (deleted)", "memfd"),
        ("/dev/shm/queue", "file"),
        ("/dev/pts/3", "device"),
        ("/home/me/notes (deleted)", "deleted-file"),
        ("/home/me/pipe:[1]", "file"),
    ],
)
def test_link_text_decides_the_kind(target, kind):
    assert fds.kind_of(target) == kind


def test_closed_socket_is_not_counted():
    before = fds.count_by_kind()
    socket.socket().close()
    assert fds.count_by_kind() == before


def test_descriptors_of_another_process_are_listed_with_their_targets(tmp_path, start):
    path = tmp_path / "open.log"
    program = start(f"kept = open({str(path)!r}, 'w'); print('ready', flush=True); input()")
    rows = [row for row in fds.list_open(program.pid) if row.target == str(path)]
    assert [row.kind for row in rows] == ["file"]
    assert fds.read(program.pid)["pipes"] >= 2  # its stdin and stdout


def test_descriptors_of_a_program_that_is_not_python_are_counted(cat):
    kinds = {row.number: row.kind for row in fds.list_open(cat.pid)}
    assert kinds[0] == kinds[1] == "pipe"


def link_of(one: socket.socket) -> str:
    return os.readlink(f"/proc/self/fd/{one.fileno()}")


def name_of(one: socket.socket) -> str:
    return socket_names.describe([link_of(one)])[link_of(one)]


def test_a_listening_socket_has_its_address_and_state():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        text = name_of(server)
    assert text == f"tcp 127.0.0.1:{port} – * listening"


def test_both_ends_of_a_connection_are_named():
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("::1", port)) as client:
            text = name_of(client)
            mine = client.getsockname()[1]
    assert text == f"tcp6 [0:0:0:0:0:0:0:1]:{mine} – [0:0:0:0:0:0:0:1]:{port} established"


def test_a_unix_socket_is_named_by_its_path(tmp_path):
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        assert name_of(server) == f"unix {path}"


def test_only_sockets_that_were_asked_for_are_named_wherever_they_stand_in_a_long_table():
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(300)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        expected = {link_of(one): f"udp 127.0.0.1:{one.getsockname()[1]} – *" for one in sockets[1:]}
        assert socket_names.describe(expected) == expected
        assert socket_names.describe([*expected, "socket:[no such]"]) == expected
        assert socket_names.describe([]) == {}
