# needs: pandas, numpy
# faulty: file
"""Frames written and read in chunks; the faulty twin never closes its chunked reader's file."""

import io
import os
import sys
import tempfile

import numpy as np
import pandas as pd

FAULTY = sys.argv[1:] == ["faulty"]
frame = pd.DataFrame({"a": np.arange(1000), "b": np.random.default_rng(1).normal(size=1000)})
text = frame.to_csv(index=False)
print(sum(len(part) for part in pd.read_csv(io.StringIO(text), chunksize=100)))
print(frame.groupby(frame.a % 7).b.sum().round(6).tolist()[:2])
handle, name = tempfile.mkstemp(".csv")
os.write(handle, text.encode())
os.close(handle)
source = open(name)  # noqa: SIM115
os.unlink(name)
print(len(pd.read_csv(source)))
if not FAULTY:
    source.close()
