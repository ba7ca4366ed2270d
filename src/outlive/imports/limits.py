"""How much of a foreign report is kept, in one place. What is beyond a limit is counted and said, never kept.

Real reports stay far below; the limits are what a hostile or damaged file meets instead of this machine's memory.
"""

from __future__ import annotations

TEXT_BYTES = 8 << 30  # expanded text of one file: a heaptrack recording of some hours
JSON_BYTES = 64 << 20  # JSON is parsed at once and takes about ten times its size
BLANK_BYTES = 16 << 20  # white space before anything else
LINE_BYTES = 64 << 10  # of one line; the rest of it is dropped
SNIFF_LINES = 200_000  # lines before the first that tells which tool wrote them
CLAIMS = 20_000  # of one file
FRAMES = 256  # of one stack
STACKS = 8  # of one claim
NAME_CHARS = 1_000  # of a function, file, module
TEXT_CHARS = 2_000  # of a sentence
TROUBLES = 40  # sentences of what is missing, of one report
REPORTS = 200  # processes in one file
XML_DEPTH = 32
XML_TOKEN_BYTES = 1 << 20  # one tag, or the text of one element
JSON_DEPTH = 200  # deepest nesting of brackets
TABLE_ROWS = 4_000_000  # strings, places and calls of one heaptrack file, each
SUPPRESSIONS = 5_000
LARGEST = (1 << 63) - 1  # a count or a size above this is no measurement
