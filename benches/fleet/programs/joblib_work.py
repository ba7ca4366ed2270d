# needs: joblib
# faulty: executor
"""Parallel work by joblib's reusable workers, left to joblib as its documents say; the faulty twin leaves a pool."""

import math
import sys
from concurrent.futures import ThreadPoolExecutor

from joblib import Parallel, delayed

FAULTY = sys.argv[1:] == ["faulty"]
if __name__ == "__main__":
    print(sum(Parallel(n_jobs=2)(delayed(math.isqrt)(at * at) for at in range(20))))
    print(sum(Parallel(n_jobs=2, prefer="threads")(delayed(math.isqrt)(at * at) for at in range(20))))
    pool = ThreadPoolExecutor(2)
    print(sum(pool.map(math.isqrt, range(10))))
    if not FAULTY:
        pool.shutdown()
