# needs: grpc
# faulty: grpc
"""A generic gRPC service and channel; the faulty twin neither closes the channel nor stops the server."""

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc

FAULTY = sys.argv[1:] == ["faulty"]
handler = grpc.method_handlers_generic_handler(
    "Echo", {"Say": grpc.unary_unary_rpc_method_handler(lambda request, context: request)}
)
pool = ThreadPoolExecutor(2)
server = grpc.server(pool, handlers=[handler])
port = server.add_insecure_port("127.0.0.1:0")
server.start()
channel = grpc.insecure_channel(f"127.0.0.1:{port}")
say = channel.unary_unary("/Echo/Say")
print([say(b"hello", timeout=10) for _ in range(3)])
if not FAULTY:
    channel.close()
    server.stop(None).wait()
    pool.shutdown()
