# needs: aiohttp
# faulty: task
"""`web.run_app` under load, ended by SIGTERM; the faulty twin never cancels the task of the application."""

import asyncio
import os
import signal
import socket
import sys
import threading
import urllib.request

from aiohttp import web

FAULTY = sys.argv[1:] == ["faulty"]


async def tick() -> None:
    while True:
        await asyncio.sleep(0.05)


async def begin(app: web.Application) -> None:
    app["tick"] = asyncio.create_task(tick())


async def end(app: web.Application) -> None:
    if not FAULTY:
        app["tick"].cancel()
        await asyncio.gather(app["tick"], return_exceptions=True)


async def hello(request: web.Request) -> web.Response:
    return web.Response(text="hello")


def load(port: int) -> None:
    for _ in range(20):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/").read()
    os.kill(os.getpid(), signal.SIGTERM)


async def serve() -> web.Application:
    app = web.Application()
    app.router.add_get("/", hello)
    app.on_startup.append(begin)
    app.on_cleanup.append(end)
    return app


listening = socket.create_server(("127.0.0.1", 0))
threading.Timer(0.4, load, [listening.getsockname()[1]]).start()
web.run_app(serve(), sock=listening, print=None)
print("ended")
