# needs: twisted
# faulty: twisted|socket|file|Port
"""A twisted echo server and client; the faulty twin leaves a file open in its factory."""

import sys

from twisted.internet import protocol, reactor
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint, connectProtocol

FAULTY = sys.argv[1:] == ["faulty"]


class Echo(protocol.Protocol):
    def dataReceived(self, data: bytes) -> None:
        self.transport.write(data)


class Ask(protocol.Protocol):
    def connectionMade(self) -> None:
        self.transport.write(b"hello")

    def dataReceived(self, data: bytes) -> None:
        print(data)
        self.transport.loseConnection()

    def connectionLost(self, reason: object = None) -> None:
        done = port.stopListening()
        done.addCallback(lambda _: reactor.stop())


factory = protocol.Factory.forProtocol(Echo)
if FAULTY:
    factory.log = open(__file__)  # noqa: SIM115


def listening(made: object) -> None:
    global port
    port = made
    connectProtocol(TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port), Ask())


TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory).addCallback(listening)
reactor.run()
print("stopped")
