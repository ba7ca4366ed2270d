"""Contracts as plain dicts: what the watched side attaches, written into its private folder as JSON.

The watched program must not import the language, so nothing but dicts, lists, texts and booleans crosses over.
"""

from __future__ import annotations

from typing import Any

from outlive.model.contracts import Contracts, Lifetime


def rows(contracts: Contracts) -> list[dict[str, Any]]:
    """One dict for each lifetime in force: begins, ends, must, of, name, matters, pack, optional; and the library that
    its pack is for, which the program need not have."""
    return [{**row_of(lifetime), "library": pack.requires} for pack in contracts.packs for lifetime in pack.lifetimes]


def row_of(lifetime: Lifetime) -> dict[str, Any]:
    return {
        "begins": lifetime.begins,
        "ends": list(lifetime.ends),
        "must": list(lifetime.must),
        "of": lifetime.of,
        "name": lifetime.name,
        "matters": lifetime.matters,
        "pack": lifetime.pack,
        "optional": lifetime.optional,
        "in_use": [list(one) for one in lifetime.in_use],
        "waits": lifetime.waits,
    }
