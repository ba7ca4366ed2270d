"""The pages about contracts show contracts that can be read, and name every pack and every word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from outlive.contracts import built_in, load_contracts
from outlive.contracts.conditions import STATES, VALUES
from outlive.model.contracts import MUST

DOCS = Path(__file__).resolve().parents[2] / "docs"
REFERENCE = DOCS / "reference" / "contracts.md"
EXAMPLES = [
    (page.name, text)
    for page in (REFERENCE, DOCS / "how-to" / "contracts.md")
    for text in re.findall(r"^ *```toml\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
]


@pytest.mark.parametrize(("page", "text"), EXAMPLES, ids=[f"{page}-{at}" for at, (page, _) in enumerate(EXAMPLES)])
def test_examples_are_contracts(page: str, text: str) -> None:
    found = load_contracts(text).packs[0]
    assert found.lifetimes or found.resources or found.uses


def test_reference_names_every_pack_and_every_word() -> None:
    named = set(re.findall(r"`'?([\w-]+)'?`", REFERENCE.read_text(encoding="utf-8")))
    assert {pack.name for pack in built_in()} <= named
    assert {*MUST, "everything", *VALUES, *STATES} <= named
