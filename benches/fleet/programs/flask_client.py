# needs: flask
# faulty: file
"""Flask's test client with an extension's teardown; the faulty twin's view leaves a file open in the application."""

import sys

from flask import Flask, g

FAULTY = sys.argv[1:] == ["faulty"]
app = Flask(__name__)


@app.get("/")
def home() -> str:
    g.file = open(__file__)  # noqa: SIM115
    return g.file.readline()


@app.teardown_appcontext
def end(error: BaseException | None) -> None:
    file = g.pop("file", None)
    if file is None:
        return
    if FAULTY:
        app.extensions["last"] = file
    else:
        file.close()


with app.test_client() as client:
    for _ in range(5):
        print(client.get("/").status)
