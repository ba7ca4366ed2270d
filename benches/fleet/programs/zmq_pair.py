# needs: zmq
# faulty: zmq
"""Two sockets of zmq; the faulty twin closes neither the sockets nor the context."""

import sys

import zmq

FAULTY = sys.argv[1:] == ["faulty"]
context = zmq.Context()
one, two = context.socket(zmq.PAIR), context.socket(zmq.PAIR)
one.bind("inproc://pair")
two.connect("inproc://pair")
one.send(b"hello")
print(two.recv())
if not FAULTY:
    one.close()
    two.close()
    context.term()
else:
    context.set(zmq.BLOCKY, False)
