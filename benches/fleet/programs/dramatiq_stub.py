# needs: dramatiq
# faulty: file
"""Actors and a worker on the broker that dramatiq has for tests; the faulty twin opens a file for each message."""

import sys

import dramatiq
from dramatiq.brokers.stub import StubBroker

FAULTY = sys.argv[1:] == ["faulty"]
broker = StubBroker()
dramatiq.set_broker(broker)
SEEN, LOGS = [], []


@dramatiq.actor
def work(number: int) -> None:
    if FAULTY:
        LOGS.append(open(__file__))  # noqa: SIM115 - this is what is to be found
    SEEN.append(number)


worker = dramatiq.Worker(broker, worker_timeout=100, worker_threads=2)
worker.start()
for number in range(20):
    work.send(number)
broker.join(work.queue_name)
worker.join()
worker.stop()
broker.close()
print(sorted(SEEN) == list(range(20)))
