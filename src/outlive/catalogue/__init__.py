"""Known patterns of leaks and known leaks of libraries, as data: what each is, why it is bad, what to do instead.

`patterns/<id>.toml` and `known/<id>.toml` hold the knowledge; the modules read it, match it and lay it out. A file
that is added there is found, documented and matched without a line of code.
"""

from __future__ import annotations

from outlive.catalogue.facts import Facts
from outlive.catalogue.matching import match

__all__ = ["Facts", "match"]
