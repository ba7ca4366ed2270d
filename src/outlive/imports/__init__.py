"""Other tools' reports, read into `model.imported`. Pure: bytes or records in, reports out; files are opened elsewhere.

Theory of operation. A report comes from anywhere, so nothing in it is trusted. `recognise` tells by content which
tool wrote it; that tool's reader takes lines or pieces of bytes as they come and puts claims into a `Draft`, which
holds them within the limits of `limits` and writes down what is missing. A reader never raises for what is wrong in a
report's middle: what was understood stays, and a sentence says what was not. `UnreadableReport` is for what cannot be
read at all. A report is `whole` only where its own end mark, or its own totals, prove it.

`merging` then makes findings of claims: claims with the same innermost calls are one mistake.
"""
