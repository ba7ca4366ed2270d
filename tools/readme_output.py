"""Puts a real run of `outlive check` into README.md, between its two marks, so that what it shows was printed once.

    python tools/readme_output.py

Not held by a test: figures differ from run to run. Run it when the report's shape changes.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCENARIO = "examples/job_service/check_service.py"
BEGIN, END = "<!-- demo output: begin -->\n", "<!-- demo output: end -->"


def main() -> int:
    command = [sys.executable, "-m", "outlive", "check", SCENARIO]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    if not printed.startswith("LEAK"):
        print(f"readme_output: expected a leak, and got:\n{printed}", file=sys.stderr)
        return 1
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    readme.write_text(f"{before}{BEGIN}```text\n{printed}```\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
