# needs:
# faulty: process|Pool|pool|executor
"""multiprocessing: a pool, a manager, a queue; the faulty twin never closes its pool."""

import math
import multiprocessing
import sys

FAULTY = sys.argv[1:] == ["faulty"]
if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    with context.Manager() as manager:
        shared = manager.dict()
        shared["a"] = 1
        print(dict(shared))
    queue = context.Queue()
    queue.put("hello")
    print(queue.get())
    queue.close()
    queue.join_thread()
    pool = context.Pool(2)
    print(sum(pool.map(math.isqrt, range(100))))
    if not FAULTY:
        pool.close()
        pool.join()
