"""What grows where no Python object could be asked: a descriptor, a child process, native memory.

There is no holder path to tell, and none is made up; what is known is what was counted, and which known mistakes look
like that.
"""

from __future__ import annotations

from outlive.catalogue.facts import Facts
from outlive.catalogue.matching import match
from outlive.explain.context import Context
from outlive.explain.fingerprint import digest
from outlive.model.explanation import Explanation

_SENTENCES = {
    "fd": "Nobody closes the {} descriptors that a step opens, and no Python object that stays behind owns them.",
    "process": "Nobody waits for the {} child processes that a step starts, and no Python object that stays owns them.",
    "thread": "The threads that a step starts never end, and no Python object that stays behind owns them.",
    "temp-file": "Nobody deletes the temporary files that a step makes.",
    "native": "No object that a snapshot shows accounts for it: native code took memory, or references, and kept them.",
    "mapping": "No Python object accounts for it: memory is mapped and not unmapped.",
}


def explain_unseen(type_name: str, context: Context) -> tuple[Explanation, ...]:
    """One explanation for a finding of `context.kind` without outlivers to look at; none for kinds not known here."""
    words = _SENTENCES.get(context.kind)
    if words is None:
        return ()
    facts = Facts(
        kind=context.kind,
        type=type_name,
        counters=context.counters,
        versions=context.packages.versions,
        python=context.packages.python,
    )
    return (
        Explanation(
            sentence=" ".join(words.format(type_name).split()),
            advice=match(facts),
            fingerprint=digest(context.kind, "unseen", type_name),
        ),
    )
