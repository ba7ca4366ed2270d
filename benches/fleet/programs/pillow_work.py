# needs: pillow
# faulty: file
"""Pictures made, kept and reopened; the faulty twin opens one lazily and keeps its file."""

import io
import os
import sys
import tempfile

from PIL import Image

FAULTY = sys.argv[1:] == ["faulty"]
with tempfile.TemporaryDirectory() as folder:
    name = os.path.join(folder, "a.png")
    Image.new("RGB", (64, 64), "red").save(name)
    for _ in range(3):
        with Image.open(io.BytesIO(open(name, "rb").read())) as picture:
            picture.load()
    lazy = Image.open(name)
    print(lazy.size)
    if not FAULTY:
        lazy.close()
