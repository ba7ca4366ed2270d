"""`python -m benches.watching.soak [--seconds 600]`: a real aiohttp service under load, watched and not, side by side.

Two copies of `service.py` run at once, one under `outlive run`; both get the same requests at the same pace. Told are
their resident memory over time, the slope of each over the second half, the requests answered and failed, how each
ended after SIGTERM, and what the end report said. Needs aiohttp in this environment.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

_SERVICE = str(Path(__file__).with_name("service.py"))
_WORKERS = 4
_EVERY = 5.0


@dataclass
class Copy:
    """One of the two services."""

    name: str
    command: list[str]
    port: int
    process: subprocess.Popen[bytes] | None = None
    answered: int = 0
    failed: int = 0
    memory: list[tuple[float, int]] = field(default_factory=list)

    def start(self) -> None:
        self.process = subprocess.Popen([*self.command, str(self.port)])

    @property
    def pid(self) -> int:
        """Of the service itself: under `outlive run` it is the child."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0]) if self.name == "watched" and children else self.process.pid

    def note_memory(self, at: float) -> None:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        self.memory.append((at, next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))))

    def slope(self) -> float:
        """KB a minute over the second half."""
        half = self.memory[len(self.memory) // 2 :]
        return statistics.linear_regression([at / 60 for at, _ in half], [float(kb) for _, kb in half]).slope


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


async def until_up(copy: Copy) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", copy.port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.1)
    raise SystemExit(f"{copy.name} does not answer")


async def worker(copy: Copy, number: int, until: float, pause: float) -> None:
    """Asks, relays, echoes, and now and then comes with a new connection."""
    base = f"http://127.0.0.1:{copy.port}"
    turn = 0
    while time.monotonic() < until:
        async with aiohttp.ClientSession() as client:
            for _ in range(25):
                turn += 1
                try:
                    async with client.get(
                        f"{base}/{'relay' if turn % 5 == 0 else 'hello'}?name=u{number}-{turn}"
                    ) as one:
                        await one.json()
                    copy.answered += 1
                except (aiohttp.ClientError, OSError, asyncio.TimeoutError):
                    copy.failed += 1
                await asyncio.sleep(pause)
            async with client.ws_connect(f"{base}/echo") as web_socket:
                await web_socket.send_str("hello")
                await web_socket.receive_str()
            copy.answered += 1


async def soak(copies: list[Copy], seconds: float, pause: float) -> None:
    await asyncio.gather(*[until_up(copy) for copy in copies])
    began = time.monotonic()
    work = [worker(copy, number, began + seconds, pause) for copy in copies for number in range(_WORKERS)]
    load = asyncio.gather(*work)
    while not load.done():
        for copy in copies:
            copy.note_memory(time.monotonic() - began)
        await asyncio.wait([load], timeout=_EVERY)
    load.result()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benches.watching.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--pause", type=float, default=0.004, help="seconds between the requests of a worker")
    asked = parser.parse_args()
    report = Path(tempfile.mkdtemp()) / "end.json"
    plain = [sys.executable, _SERVICE]
    watched = [sys.executable, "-m", "outlive", "run", "--every", "5s", "--json", str(report), "--", *plain]
    copies = [Copy("alone", plain, free_port()), Copy("watched", watched, free_port())]
    for copy in copies:
        copy.start()
    asyncio.run(soak(copies, asked.seconds, asked.pause))
    print("| | answered | failed | first | middle | last | slope in the second half | exit status |")
    print("|---|---|---|---|---|---|---|---|")
    for copy in copies:
        assert copy.process is not None
        kb = [value for _, value in copy.memory]
        copy.process.send_signal(signal.SIGTERM)
        status = copy.process.wait(60)
        memory = " | ".join(f"{value / 1024:.1f} MB" for value in (kb[len(kb) // 10], kb[len(kb) // 2], kb[-1]))
        print(f"| {copy.name} | {copy.answered:,} | {copy.failed} | {memory} | {copy.slope():+.1f} KB/min | {status} |")
    told = json.loads(report.read_text())
    print(f"end report: {told['verdict']}: {told['reason']}; {told['looks']} looks; grew: {told['growth']}")


if __name__ == "__main__":
    main()
