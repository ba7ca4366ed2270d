"""What `make demo` runs: check a leaking service, then its mended twin, and hold both verdicts to what is true.

Exits 0 because the planted mistake was found and named, and the mended service was not accused; anything else is a
failure of the demo, and it says which.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

SERVICE = Path("examples") / "job_service"
LEAK_FOUND, NOTHING_FOUND = 1, 0


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "check.json"
        leaky = check(SERVICE / "check_service.py", report)
        if leaky != LEAK_FOUND:
            return fail(f"the leak was not found (exit code {leaky}, expected {LEAK_FOUND})")
        if "service.Session" not in accused(report):
            return fail(f"a leak was found, but service.Session is not named: {sorted(accused(report))}")
        fixed = check(SERVICE / "check_service_fixed.py", report)
    if fixed != NOTHING_FOUND:
        return fail(f"the mended service was not cleared (exit code {fixed}, expected {NOTHING_FOUND})")
    print("demo: the leak was found and named, and the mended service was cleared.")
    return 0


def check(scenario: Path, report: Path) -> int:
    """Run `outlive check` as a person would, its words going to this terminal; return its exit code."""
    command = ["check", str(scenario), "--json-to", str(report)]
    print(f"$ outlive check {scenario}\n", flush=True)
    code = subprocess.run([sys.executable, "-m", "outlive", *command], check=False).returncode
    print(flush=True)
    return code


def accused(report: Path) -> set[str]:
    """Every type that the findings name, leading or along with another."""
    findings = json.loads(report.read_text(encoding="utf-8"))["findings"]
    return {row["type"] for finding in findings for row in [finding, *finding["evidence"], *finding["with_it"]]}


def fail(why: str) -> int:
    print(f"demo: FAILED: {why}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
