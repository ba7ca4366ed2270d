# needs: uvicorn, fastapi, httpx
# faulty: task
"""FastAPI under uvicorn with a lifespan, load, then SIGTERM; the faulty twin's lifespan forgets its task."""

import asyncio
import contextlib
import os
import signal
import sys
import threading

import httpx
import uvicorn
from fastapi import Depends, FastAPI

FAULTY = sys.argv[1:] == ["faulty"]


async def tick() -> None:
    while True:
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI):
    task = asyncio.create_task(tick())
    app.state.task = task
    yield
    if not FAULTY:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def unit():
    yield "metre"


app = FastAPI(lifespan=lifespan)


@app.get("/length/{number}")
async def length(number: int, unit: str = Depends(unit)) -> dict[str, object]:
    return {"number": number, "unit": unit}


@app.get("/plain")
def plain() -> str:
    return "plain"


server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))


def load() -> None:
    while not server.started:
        server_ready.wait(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client() as client:
        for number in range(20):
            client.get(f"http://127.0.0.1:{port}/length/{number}")
            client.get(f"http://127.0.0.1:{port}/plain")
    os.kill(os.getpid(), signal.SIGTERM)


server_ready = threading.Event()
threading.Thread(target=load).start()
server.run()
print("never printed: uvicorn raises the signal again")
