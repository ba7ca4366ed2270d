# needs: paramiko
# faulty: paramiko.transport.Transport
"""An SSH transport on both ends of a socket pair; the faulty twin never closes them, and is ended by a signal: when the
interpreter ends, paramiko ends its transports itself."""

import signal
import socket
import sys
import threading

import paramiko

FAULTY = sys.argv[1:] == ["faulty"]


class Open(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        return paramiko.AUTH_SUCCESSFUL

    def get_allowed_auths(self, username: str) -> str:
        return "password"


ours, theirs = socket.socketpair()
server = paramiko.Transport(theirs)
server.add_server_key(paramiko.RSAKey.generate(2048))
server.start_server(event=threading.Event(), server=Open())
client = paramiko.Transport(ours)
client.connect(username="a", password="b")
print(client.is_authenticated())
if FAULTY:
    sys.stdout.flush()
    signal.raise_signal(signal.SIGTERM)
client.close()
server.close()
