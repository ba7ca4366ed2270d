from __future__ import annotations

import os
import platform
import subprocess

import pytest

from outlive.probes import children

_ENDED_CHILD = """
import os
pid = os.fork()
if pid == 0:
    os._exit(0)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)   # it has ended; its status is left to be asked for
print("ready", flush=True)
input()
os.waitpid(pid, 0)
print("done", flush=True)
input()
"""


@pytest.fixture(params=["listed by the kernel", "looked for by parent"])
def either_way(request, monkeypatch):
    """Both ways to find children, wherever this kernel knows the first."""
    if request.param == "looked for by parent":
        monkeypatch.setattr(children, "_numbers", children._numbers_by_parent)


@pytest.mark.usefixtures("either_way")
def test_a_zombie_is_counted_until_its_parent_asks_for_its_status(start):
    program = start(_ENDED_CHILD)
    assert children.count_by_state(program.pid) == {"zombie": 1}
    assert children.read(program.pid) == {"children": 1, "zombies": 1}
    program.tell()
    assert children.count_by_state(program.pid) == {}


@pytest.mark.usefixtures("either_way")
def test_own_children_are_listed_with_their_names(cat):
    rows = [row for row in children.list_children() if row.pid == cat.pid]
    assert [(row.name, row.state) for row in rows] == [("cat", "running")]


def test_counting_leaves_an_ended_child_to_its_parent():
    process = subprocess.Popen(["cat"], stdin=subprocess.DEVNULL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert children.count_by_state().get("zombie", 0) >= 1
    assert process.wait() == 0


def test_a_grandchild_is_not_a_child(start):
    program = start(
        "import subprocess\n"
        "p = subprocess.Popen(['sh', '-c', 'cat & echo up; wait'], stdin=0, stdout=subprocess.PIPE)\n"
        "p.stdout.readline(); print('ready', flush=True); input()"
    )
    assert [row.name for row in children.list_children(program.pid)] == ["sh"]


_COPY = """
import ctypes, os, platform
number = {"x86_64": 56, "aarch64": 220}[platform.machine()]
pid = ctypes.CDLL(None).syscall(number, 0, 0, 0, 0, 0)   # clone without a signal at its end
if pid == 0:
    os._exit(0)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | 0x40000000)
print("ready", flush=True)
input()
"""


@pytest.mark.usefixtures("either_way")
def test_a_copy_whose_end_is_told_to_nobody_is_no_child(start):
    if platform.machine() not in ("x86_64", "aarch64"):
        pytest.skip("the number of the system call is not known here")
    assert children.list_children(start(_COPY).pid) == []
