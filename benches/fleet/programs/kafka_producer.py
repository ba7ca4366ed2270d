# needs: kafka
# faulty: KafkaProducer
"""A producer whose broker is not there: what it was given is refused in time; the faulty twin does
not close it, and is ended by a signal: when the interpreter ends, the library closes its producers itself."""

import logging
import signal
import sys

from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError

logging.disable(logging.CRITICAL)
FAULTY = sys.argv[1:] == ["faulty"]
producer = KafkaProducer(bootstrap_servers="127.0.0.1:9", api_version=(2, 6), max_block_ms=300)
try:
    producer.send("news", b"hello")
except KafkaTimeoutError as error:
    print(type(error).__name__)
if FAULTY:
    sys.stdout.flush()
    signal.raise_signal(signal.SIGTERM)
producer.close(timeout=1)
