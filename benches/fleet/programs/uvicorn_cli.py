# needs: uvicorn, starlette, httpx
# faulty: task
"""The uvicorn command with a Starlette application, ended by SIGINT; the faulty twin leaves a client's task running."""

import asyncio
import os
import signal
import sys
import threading

import httpx
import uvicorn.main
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

FAULTY = sys.argv[1:] == ["faulty"]
PORT = int(os.environ["FLEET_PORT"])
KEPT = []


async def forever() -> None:
    await asyncio.Event().wait()


async def home(request: object) -> PlainTextResponse:
    if FAULTY and not KEPT:
        KEPT.append(asyncio.create_task(forever()))
    return PlainTextResponse("home")


app = Starlette(routes=[Route("/", home)])


def load() -> None:
    for _ in range(100):
        try:
            httpx.get(f"http://127.0.0.1:{PORT}/")
            break
        except httpx.ConnectError:
            threading.Event().wait(0.05)
    for _ in range(5):
        httpx.get(f"http://127.0.0.1:{PORT}/")
    os.kill(os.getpid(), signal.SIGINT)


threading.Thread(target=load).start()
sys.modules["app"] = sys.modules["__main__"]
uvicorn.main.main(["app:app", "--port", str(PORT), "--log-level", "warning"], standalone_mode=False)
