# needs: quart, hypercorn, httpx
# faulty: task
"""Quart under hypercorn until it is told to stop; the faulty twin keeps a task that waits for ever."""

import asyncio
import os
import sys

import httpx
from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart

FAULTY = sys.argv[1:] == ["faulty"]
PORT = int(os.environ["FLEET_PORT"])
app = Quart(__name__)
KEPT = []


async def forever() -> None:
    await asyncio.sleep(3600)


@app.before_serving
async def begin() -> None:
    KEPT.append(asyncio.create_task(forever()))


@app.after_serving
async def end() -> None:
    if not FAULTY:
        KEPT[0].cancel()


@app.get("/")
async def home() -> str:
    return "home"


async def main() -> None:
    stop = asyncio.Event()
    config = Config()
    config.bind = [f"127.0.0.1:{PORT}"]
    config.loglevel = "ERROR"
    serving = asyncio.create_task(serve(app, config, shutdown_trigger=stop.wait))
    async with httpx.AsyncClient() as client:
        for _ in range(100):
            try:
                await client.get(f"http://127.0.0.1:{PORT}/")
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
    stop.set()
    await serving


asyncio.run(main())
print("stopped")
