# needs: celery
# faulty: kombu|celery|Connection|connection|file
"""celery with a memory broker, tasks called eagerly and sent; the faulty twin keeps a log file open."""

import sys

from celery import Celery

FAULTY = sys.argv[1:] == ["faulty"]
app = Celery("fleet", broker="memory://", backend="cache+memory://")
kept = open(__file__) if FAULTY else None  # noqa: SIM115


@app.task
def add(a: int, b: int) -> int:
    return a + b


print(add.apply(args=(1, 2)).get())
add.delay(3, 4)
if not FAULTY:
    app.close()
