# needs: httpx
# faulty: httpx.AsyncClient
"""An asynchronous client; the faulty twin keeps it open in a module."""

import asyncio
import http.server
import sys
import threading

import httpx

FAULTY = sys.argv[1:] == ["faulty"]


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *words: object) -> None:
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = None


async def main() -> None:
    global client
    client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.server_port}")
    answers = await asyncio.gather(*(client.get("/") for _ in range(10)))
    print(sum(one.status_code for one in answers))
    if not FAULTY:
        await client.aclose()


asyncio.run(main())
server.shutdown()
server.server_close()
