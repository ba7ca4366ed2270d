# needs: requests
# faulty: urllib3.response.HTTPResponse
"""A session and plain calls; the faulty twin asks for a stream and neither reads nor closes it. (A session keeps its
connections by design: that one is not closed is told, and not blamed.)"""

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
if FAULTY:
    unread = session.get(url, stream=True)
else:
    session.close()
server.shutdown()
server.server_close()
