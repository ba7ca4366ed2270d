# needs: redis
# faulty: redis.client.PubSub
"""A client of a small server that speaks enough of the protocol; the faulty twin never closes a
subscription. (A pool keeps its connections by design: that one is not closed is told, and not blamed.)"""

import socketserver
import sys
import threading

import redis

FAULTY = sys.argv[1:] == ["faulty"]


class Speak(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while line := self.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                size = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(size + 2)[:-2])
            answer = {b"PING": b"+PONG\r\n", b"GET": b"$2\r\nok\r\n"}.get(words[0].upper(), b"+OK\r\n")
            self.wfile.write(answer)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


server = Server(("127.0.0.1", 0), Speak)
thread = threading.Thread(target=server.serve_forever)
thread.start()
client = redis.Redis(port=server.server_address[1], protocol=2)
print(client.ping(), client.get("a"), client.set("b", 1))
news = client.pubsub()
news.subscribe("news")
if not FAULTY:
    news.close()
    client.close()
server.shutdown()
thread.join()
server.server_close()
