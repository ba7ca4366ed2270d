# needs: starlette, httpx, anyio
# faulty: httpx.Client|TestClient|thread
"""Starlette's test client as a context manager; the faulty twin enters it and never leaves."""

import sys

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient

FAULTY = sys.argv[1:] == ["faulty"]


async def home(request):
    return JSONResponse({"at": request.url.path})


async def echo(websocket):
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()


client = TestClient(Starlette(routes=[Route("/", home), WebSocketRoute("/echo", echo)]))
if FAULTY:
    client.__enter__()
    print(client.get("/").json())
else:
    with client:
        print(client.get("/").json())
        with client.websocket_connect("/echo") as socket:
            socket.send_text("hello")
            print(socket.receive_text())
