"""What the recorder and Valgrind call lost in programs that are installed here: python -m benches.blocks.agreement

Two mechanisms that share nothing: Valgrind runs the program in a machine of its own and scans at its end, the recorder
preloads and scans a copy. Of each program the same run twice, one with each; blocks and bytes lost directly, and bytes
under these. What a program leaks may depend on its process id or environment: small differences in bytes are that.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from outlive.capture.blocks import load_blocks
from outlive.capture.blocks_preload import block_environment
from outlive.capture.blocks_twice import lost_blocks

COMMANDS = (
    "ls -l /usr", "git log -3", "git status", "bash -c 'declare -A a; a[x]=$(echo 1)'", "sort /etc/passwd",
    "perl -e 'my %h; $h{$_}=[1..5] for 1..1000'", "sqlite3 :memory: 'create table t(a)'", "curl -s file:///etc/passwd",
    "gcc -c SOURCE -o OUT", "as OUT.s -o OUT", "ld OUT.o -lc -e main -o OUT", "objdump -d /bin/true", "cmake --version",
    "openssl version -a", "tar cf /dev/null /etc/apt", "find /etc/apt", "awk {a[$1]++} /etc/services", "vim --version",
    "xz -kc /etc/services", "make -n -C / -f /dev/null -q x", "gdb -batch -ex 'info line main' /bin/true", "ssh -V",
    "ps aux", "dpkg -l", "apt-cache policy bash", "grep -r root /etc/passwd", "file /bin/ls", "readelf -a /bin/true",
    "nm -D /bin/ls", "gawk 'BEGIN{print 1}'", "busybox ls", "tclsh /dev/null", "lua -e 'print(1)'", "ruby -e 'puts 1'",
)  # fmt: skip
_LIMIT_S = 300
_LOST = re.compile(r"(definitely|indirectly) lost: ([\d,]+) bytes in ([\d,]+) blocks")


def ours(words: list[str]) -> tuple[int, int] | None:
    """Blocks lost, and bytes lost directly or under these, in the process that is started; None: it says nothing."""
    with tempfile.TemporaryDirectory() as folder:
        environment = block_environment(os.environ, folder=Path(folder))
        started = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        started.wait(_LIMIT_S)
        looks = sorted(Path(folder).glob(f"blocks-{started.pid}-*.outlive"))
        if not looks:
            return None
        look = load_blocks(looks[-1])
        lost = lost_blocks(look, look)
        return sum(one.count for one in lost), sum(one.bytes + one.under_bytes for one in lost)


def valgrinds(words: list[str]) -> tuple[int, int] | None:
    done = subprocess.run(["valgrind", "--leak-check=full", *words], capture_output=True, timeout=_LIMIT_S)
    text = done.stderr.decode("utf-8", "replace")
    if "ERROR SUMMARY" not in text:
        return None
    found = {
        kind: (int(count.replace(",", "")), int(size.replace(",", ""))) for kind, size, count in _LOST.findall(text)
    }
    definite, indirect = found.get("definitely", (0, 0)), found.get("indirectly", (0, 0))
    return definite[0], definite[1] + indirect[1]


def words_of(command: str, folder: Path) -> list[str]:
    import shlex

    return [
        word.replace("SOURCE", str(folder / "a.c")).replace("OUT", str(folder / "a")) for word in shlex.split(command)
    ]


def said(figures: tuple[int, int] | None) -> str:
    return "-" if figures is None else f"{figures[0]:,} blocks, {figures[1]:,} bytes"


def main() -> None:
    print(f"{'program':44}{'recorder':28}{'Valgrind':28}")
    agree = compared = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a.c").write_text("int main(void) { return 0; }\n")
        for suffix, option in ((".s", "-S"), (".o", "-c")):
            subprocess.run(["cc", option, folder / "a.c", "-o", folder / f"a{suffix}"], check=True)
        for command in COMMANDS:
            words = words_of(command, folder)
            if shutil.which(words[0]) is None:
                continue
            left, right = ours(words), valgrinds(words)
            same = left is not None and right is not None and left[0] == right[0]
            compared += left is not None and right is not None
            agree += same
            print(f"{command[:42]:44}{said(left):28}{said(right):28}{'' if same else '!'}", flush=True)
    print(f"the same number of lost blocks in {agree} of {compared} programs that both could watch")


if __name__ == "__main__":
    main()
