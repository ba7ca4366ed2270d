# needs: requests
# faulty: requests.sessions.Session
"""A session and plain calls; the faulty twin keeps its session, with a connection in its pool."""

import http.server
import sys
import threading

import requests

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
url = f"http://127.0.0.1:{server.server_port}/"
session = requests.Session()
print(sum(session.get(url).status_code for _ in range(10)), requests.get(url).text)
if not FAULTY:
    session.close()
    server.shutdown()
    server.server_close()
