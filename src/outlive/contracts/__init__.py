"""Contracts: what must end, how one sees that it has, and which calls begin and end it.

The language (`language`), the built-in packs (`packs`, data files beside it), and the rows that the watched program is
given (`rows`). Pure: text in, data out.
"""

from __future__ import annotations

from outlive.contracts.language import ContractError, parse
from outlive.contracts.packs import USER_FILE, applying, built_in, load_contracts
from outlive.contracts.rows import rows

__all__ = ["ContractError", "USER_FILE", "applying", "built_in", "load_contracts", "parse", "rows"]
