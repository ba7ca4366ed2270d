# needs: httpx2
# faulty: httpx2.Client
"""A client with a pool of connections; the faulty twin never closes it."""

import http.server
import sys
import threading

import httpx2

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
client = httpx2.Client()
print([client.get(f"http://127.0.0.1:{server.server_port}/").text for _ in range(5)])
if not FAULTY:
    client.close()
server.shutdown()
server.server_close()
