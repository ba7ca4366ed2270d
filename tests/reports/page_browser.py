"""A real Chromium, spoken to over a pipe in its own protocol: standard library only.

One browser serves many pages. Each page remembers what it logged, threw and asked the network for, so that a test can
say that nothing of this happened.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_PATIENCE_S = 60.0
# Becomes Chromium with its pipes in place; copied out of the way first, since either may be 3 or 4 already.
_ON_3_AND_4 = """import fcntl, os, sys
pipes = [fcntl.fcntl(int(one), fcntl.F_DUPFD, 5) for one in sys.argv[1:3]]
os.dup2(pipes[0], 3)
os.dup2(pipes[1], 4)
os.execv(sys.argv[3], sys.argv[3:])"""


class Browser:
    """A headless Chromium with a profile of its own; close it when done."""

    def __init__(self) -> None:
        assert CHROMIUM is not None
        self._profile = tempfile.TemporaryDirectory(prefix="outlive-chromium-", ignore_cleanup_errors=True)
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()
        # Chromium listens on descriptor 3 and answers on 4.
        self._process = subprocess.Popen(
            [sys.executable, "-c", _ON_3_AND_4, str(to_read), str(to_write), CHROMIUM, *self._options()],
            pass_fds=(to_read, to_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(to_read)
        os.close(to_write)
        self._buffer = b""
        self._numbers = itertools.count(1)
        self.pages: dict[str, Page] = {}

    def _options(self) -> list[str]:
        return [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-extensions",
            "--remote-debugging-pipe",
            f"--user-data-dir={self._profile.name}",
            "about:blank",
        ]

    def page(self, file: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> Page:
        """Open a file and wait until it has loaded."""
        target = self.ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = self.pages[session] = Page(self, session, target)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.ask(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        page.ask("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.ask("Emulation.setEmulatedMedia", {"features": [scheme]})
        # A page that has not the focus, because another opened meanwhile, would lose the keys that are pressed.
        page.ask("Emulation.setFocusEmulationEnabled", {"enabled": True})
        page.go(file)
        return page

    def ask(self, method: str, params: dict[str, Any] | None = None, session: str | None = None) -> dict[str, Any]:
        """One command and its answer; events on the way are handed to their pages."""
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.hear()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result

    def hear(self) -> dict[str, Any]:
        """The next message."""
        until = time.monotonic() + _PATIENCE_S
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], max(0.0, until - time.monotonic()))
            assert ready, "Chromium says nothing"
            chunk = os.read(self._from, 1 << 16)
            assert chunk, "Chromium ended"
            self._buffer += chunk
        first, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(first)
        page = self.pages.get(message.get("sessionId", ""))
        if page and "method" in message:
            page.heard(message["method"], message["params"])
        return message

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)
        self._profile.cleanup()


class Page:
    """One tab. `trouble` holds console errors, exceptions and refusals; `requests` every address asked for."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        self.browser, self.session, self.target = browser, session, target
        self.trouble: list[str] = []
        self.requests: list[str] = []
        self._loads = 0

    def ask(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.browser.ask(method, params, self.session)

    def go(self, file: Path) -> None:
        loads = self._loads
        self.ask("Page.navigate", {"url": file.resolve().as_uri()})
        while self._loads == loads:
            self.browser.hear()

    def heard(self, method: str, params: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loads += 1
        elif method == "Runtime.exceptionThrown":
            self.trouble.append(str(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled":
            self.trouble.append(str(params["args"]))
        elif method == "Log.entryAdded":
            self.trouble.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def run(self, script: str) -> Any:
        """The value of an expression in the page; promises are waited for."""
        told = self.ask("Runtime.evaluate", {"expression": script, "returnByValue": True, "awaitPromise": True})
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def drawn(self) -> None:
        """Wait until the page has drawn what was changed. A page behind another one draws nothing."""
        self.ask("Page.bringToFront")
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))")

    def press(self, key: str) -> None:
        """A key, as a person presses it."""
        code = {"Enter": 13, "Escape": 27, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9}[key]
        event = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        text = {"text": "\r"} if key == "Enter" else {}
        self.drawn()  # a press before the first drawing can be lost
        self.ask("Input.dispatchKeyEvent", {"type": "keyDown", **event, **text})
        self.ask("Input.dispatchKeyEvent", {"type": "keyUp", **event})
        self.drawn()

    def type(self, words: str) -> None:
        self.ask("Input.insertText", {"text": words})
        self.drawn()

    def picture(self, file: Path, *, whole: bool = True) -> None:
        shot = self.ask("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole})
        file.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        self.browser.ask("Target.closeTarget", {"targetId": self.target})
