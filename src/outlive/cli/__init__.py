"""The doors: parse a command line, call the session, print, choose the exit code.

One verb is one module here, named like the verb, holding four things:

    SUMMARY    one line, shown in `outlive --help`
    EXAMPLES   commands to copy, shown first in the verb's own help
    configure  gives an argparse parser the verb's arguments
    run        does the work and returns the exit code

`VERBS` is the register, in the order in which the help shows them. A verb's module is imported only when it is asked
for, so that `outlive --version` costs nothing; a verb's heavy imports belong inside its `run`.
"""

from __future__ import annotations

VERBS: tuple[str, ...] = ("check", "run", "watch", "snapshot", "open", "diff", "why", "query", "report", "explain")
