# needs: websockets
# faulty: websockets|socket|thread
"""The threaded websocket server and client; the faulty twin keeps its client open when the server has ended."""

import sys
import threading

from websockets.sync.client import connect
from websockets.sync.server import serve

FAULTY = sys.argv[1:] == ["faulty"]


def echo(socket) -> None:
    for message in socket:
        socket.send(message)


server = serve(echo, "127.0.0.1", 0)
thread = threading.Thread(target=server.serve_forever, daemon=FAULTY)
thread.start()
client = connect(f"ws://127.0.0.1:{server.socket.getsockname()[1]}")
client.send("hello")
print(client.recv())
if not FAULTY:
    client.close()
    server.shutdown()
    thread.join()
