# needs: tornado
# faulty: HTTPServer|socket|timer|PeriodicCallback|server
"""A tornado service and its client; the faulty twin never stops its server nor its periodic callback."""

import asyncio
import sys

from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.ioloop import PeriodicCallback
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

FAULTY = sys.argv[1:] == ["faulty"]
KEPT = []


class Hello(RequestHandler):
    def get(self) -> None:
        self.write("hello")


async def main() -> None:
    server = HTTPServer(Application([("/", Hello)], log_function=lambda handler: None))
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    beat = PeriodicCallback(lambda: KEPT.append(1), 20)
    beat.start()
    client = AsyncHTTPClient()
    port = sockets[0].getsockname()[1]
    for _ in range(10):
        await client.fetch(f"http://127.0.0.1:{port}/")
    await asyncio.sleep(0.05)
    print("fetched", len(KEPT) > 0)
    if FAULTY:
        KEPT.append((server, beat))
        return
    beat.stop()
    server.stop()
    await server.close_all_connections()
    client.close()


asyncio.run(main())
