# needs: lxml
# faulty: file
"""lxml reading incrementally; the faulty twin keeps the file that it parses."""

import io
import sys

from lxml import etree

FAULTY = sys.argv[1:] == ["faulty"]
root = etree.Element("root")
for at in range(100):
    etree.SubElement(root, "row", at=str(at)).text = "text"
data = etree.tostring(root)
print(sum(1 for _ in etree.iterparse(io.BytesIO(data), tag="row")))
kept = open(__file__, "rb")  # noqa: SIM115
print(etree.parse(kept, etree.XMLParser(recover=True)) is not None)
if not FAULTY:
    kept.close()
