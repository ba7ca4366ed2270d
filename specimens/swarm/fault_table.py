"""Writes the C program's table of switches from faults.toml; the Makefile asks for it."""

from __future__ import annotations

import json
import sys

from specimens.swarm.faults import FAULTS, Fault


def row(fault: Fault) -> str:
    symbol = fault.switch.upper().replace("-", "_")
    texts = [fault.switch, fault.seed, fault.category, fault.kind, fault.event]
    numbers = f"{fault.total_bytes}ul, {fault.total_blocks}ul, {fault.events}ul"
    return f"    FAULT({symbol}, {', '.join(map(json.dumps, texts))}, {numbers}, {json.dumps(fault.about)})"


if __name__ == "__main__":
    rows = " \\\n".join(map(row, FAULTS))
    sys.stdout.write(f"/* Made from faults.toml by fault_table.py. */\n#define FAULT_TABLE \\\n{rows}\n")
