# needs: flask
# faulty: server|socket
"""Flask behind werkzeug's threaded server, under load; the faulty twin never shuts it down."""

import logging
import sys
import threading
import urllib.request

from flask import Flask, jsonify
from werkzeug.serving import make_server

FAULTY = sys.argv[1:] == ["faulty"]
app = Flask(__name__)


@app.get("/<name>")
def hello(name: str):
    return jsonify(name=name)


logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server("127.0.0.1", 0, app, threaded=True)
thread = threading.Thread(target=server.serve_forever, daemon=FAULTY)
thread.start()
for at in range(20):
    urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/n{at}").read()
if not FAULTY:
    server.shutdown()
    thread.join()
    server.server_close()
print("served")
