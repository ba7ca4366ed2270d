# needs: gevent
# faulty: socket|server
"""A server and clients of gevent, the standard library patched; the faulty twin leaves its clients' sockets open."""

# ruff: noqa: E402 - patching comes first

from gevent import monkey

monkey.patch_all()

import socket
import sys

import gevent
from gevent.server import StreamServer

FAULTY = sys.argv[1:] == ["faulty"]
KEPT = []


def echo(connection: socket.socket, address: tuple[str, int]) -> None:
    while data := connection.recv(100):
        connection.sendall(data)
    connection.close()


def ask(port: int) -> bytes:
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"hello")
    answer = client.recv(100)
    if FAULTY:
        KEPT.append(client)
    else:
        client.close()
    return answer


server = StreamServer(("127.0.0.1", 0), echo)
server.start()
jobs = [gevent.spawn(ask, server.server_port) for _ in range(10)]
gevent.joinall(jobs, timeout=10)
print([job.value for job in jobs])
server.stop()
