"""A program that allocates all the time: small objects, texts and tables beyond the small-object allocator."""

import hashlib
import json
import sys
import time
import zlib

ROUNDS = int(sys.argv[1])


def document(k):
    return {"id": k, "name": f"name {k}", "tags": [str(i) for i in range(30)], "body": "x" * (k % 3000)}


def work():
    kept = []
    for k in range(ROUNDS):
        text = json.dumps([document(k + i) for i in range(8)])
        back = json.loads(text)
        packed = zlib.compress(text.encode(), 1)
        kept.append((hashlib.md5(packed).digest(), {row["id"]: row for row in back}))
        if len(kept) > 200:
            del kept[:100]
        bytes(bytearray(k % 5000))
    return len(kept)


began = time.process_time()
work()
print(time.process_time() - began)
