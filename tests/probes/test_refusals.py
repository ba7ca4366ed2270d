from __future__ import annotations

import os
import subprocess
import sys

import pytest

from outlive.probes import children, fds, memory, procfs, threads
from outlive.probes.refusals import NothingToMeasure, NotPermitted, ProcessGone, refusal

_READ_ANOTHER_USERS_PROCESS = """
import os, sys
from outlive.probes import fds, memory
from outlive.probes.refusals import NotPermitted
target = int(sys.argv[1])
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
print(memory.read(target)["vm_rss"] > 0)
try:
    fds.read(target)
except NotPermitted as refused:
    print(refused.what)
"""


@pytest.fixture
def ended() -> int:
    """The number of a process that was and is no more."""
    process = subprocess.Popen(["cat"], stdin=subprocess.DEVNULL)
    process.wait()
    return process.pid


@pytest.mark.parametrize("read", [memory.read, fds.read, threads.read, children.read])
def test_a_process_that_is_gone_is_said_to_be_gone(read, ended):
    with pytest.raises(ProcessGone, match=f"process {ended} is not running"):
        read(ended)


def test_a_zombie_has_no_memory_and_is_said_to_have_ended():
    process = subprocess.Popen(["cat"], stdin=subprocess.DEVNULL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(ProcessGone) as refused:
        memory.read(process.pid)
    process.wait()
    assert "has ended" in refused.value.why


def test_another_process_under_the_same_number_is_noticed(cat):
    ticks = procfs.start_ticks(cat.pid)
    procfs.refuse_another(cat.pid, ticks)
    with pytest.raises(ProcessGone) as refused:
        procfs.refuse_another(cat.pid, ticks - 1)
    assert "another process" in refused.value.why


def test_memory_of_another_users_process_is_read_and_its_files_are_denied():
    target = os.getpid() if os.geteuid() == 0 else 1
    if target == 1 and os.access("/proc/1/fd", os.R_OK):
        pytest.skip("no process of another user here")
    command = [sys.executable, "-c", _READ_ANOTHER_USERS_PROCESS, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "True",
        f"cannot read the open files of process {target}: permission denied",
    ]


def test_a_kernel_thread_has_no_memory():
    for name in sorted(filter(str.isdigit, os.listdir("/proc")), key=int):
        if procfs.is_kernel_thread(procfs.stat_fields(int(name))):
            with pytest.raises(NothingToMeasure, match="is a kernel thread"):
                memory.read(int(name))
            return
    pytest.skip("no kernel thread is visible from here")


def test_a_name_with_spaces_and_parentheses_does_not_confuse_the_fields(start):
    program = start(
        "import ctypes; ctypes.CDLL(None).prctl(15, b') Z 1 (x', 0, 0, 0); print('ready', flush=True); input()"
    )
    assert procfs.process_name(program.pid) == ") Z 1 (x"
    assert int(procfs.stat_fields(program.pid)[procfs.PARENT]) == os.getpid()


def test_errno_decides_which_refusal_it_is():
    assert isinstance(refusal(PermissionError(13, "Permission denied"), 1, "x"), NotPermitted)
    assert isinstance(refusal(FileNotFoundError(2, "No such file"), os.getpid(), "x"), NothingToMeasure)
