# needs: gunicorn
# faulty: file|socket
"""gunicorn with one worker under load, then SIGTERM; the faulty twin's application keeps a file open in the master."""

import os
import signal
import sys
import threading
import urllib.request

from gunicorn.app.base import BaseApplication

FAULTY = sys.argv[1:] == ["faulty"]
PORT = int(os.environ["FLEET_PORT"])


class App(BaseApplication):
    def load_config(self) -> None:
        self.cfg.set("bind", f"127.0.0.1:{PORT}")
        self.cfg.set("workers", 1)
        self.cfg.set("loglevel", "critical")

    def load(self):
        return answer


def answer(environ, start):
    start("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def load() -> None:
    done = 0
    while done < 5:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/").read()
            done += 1
        except OSError:
            threading.Event().wait(0.05)
    os.kill(os.getpid(), signal.SIGTERM)


kept = open(__file__) if FAULTY else None  # noqa: SIM115
threading.Thread(target=load, daemon=True).start()
App().run()
