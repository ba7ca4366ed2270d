"""A finding as a sentence: what stays behind, how often, how much. Knows the resource kinds; lays nothing out."""

from __future__ import annotations

from outlive.model.verdict import Evidence, Finding
from outlive.reports.amounts import byte_size, how_often, interval, number
from outlive.reports.printable import printable

# One and many of each resource kind; {} is the finding's type, where that says more than the kind does.
_NOUNS = {
    "python-object": ("{} object", "{} objects"),
    "native": ("block of native memory", "blocks of native memory"),
    "fd": ("open {} descriptor", "open {} descriptors"),
    "thread": ("thread", "threads"),
    "process": ("{} child process", "{} child processes"),
    "task": ("asyncio task", "asyncio tasks"),
    "timer": ("scheduled timer", "scheduled timers"),
    "temp-file": ("temporary file", "temporary files"),
    "mapping": ("memory mapping", "memory mappings"),
}
# Where what is counted is not the resource itself, the counter that leads the finding says it better than its kind.
_NOUNS_BY_COUNTER = {
    "items": ("more item in a {}", "more items in some {}"),
    "references": ("lost reference to a {} object", "lost references to {} objects"),
    "objects": ("{} object", "{} objects"),
    "over-released": ("reference to a {} object", "references to {} objects"),
}
_VERBS = {"over-released": ("gives up", "too many")}
_MASSES = {"native": "native memory", "mapping": "mapped memory"}


def sentence(finding: Finding) -> str:
    """What one step leaves behind: "every step leaves 2 app.Session objects behind". No capital, no full stop."""
    count = finding.count.per_step
    if count <= 0:
        mass = _MASSES.get(finding.kind, f"{_short(finding.type) or printable(finding.kind)} memory")
        return f"every step leaves {byte_size(finding.bytes.per_step)} of {mass} behind"
    often = how_often(count)
    leaves, behind = _VERBS.get(finding.evidence[0].counter if finding.evidence else "", ("leaves", "behind"))
    if often:
        return f"{often} {leaves} one {noun(finding, many=False)} {behind}"
    if abs(count - 1) < 0.02:
        return f"every step {leaves} one {noun(finding, many=False)} {behind}"
    return f"every step {leaves} {number(count)} {noun(finding, many=True)} {behind}"


def noun(finding: Finding, *, many: bool) -> str:
    """The resource in words: "app.Session objects", "open socket descriptor", "thread"."""
    counter = finding.evidence[0].counter if finding.evidence else ""
    patterns = _NOUNS_BY_COUNTER.get(counter) or _NOUNS.get(finding.kind, ("{} " + printable(finding.kind),) * 2)
    return " ".join(patterns[many].format(_short(finding.type)).split())


def measure(finding: Finding) -> str:
    """The figures behind the sentence: rate and bytes per step, each with its 95 % interval."""
    parts = []
    if finding.count.per_step > 0:
        parts.append(f"{number(finding.count.per_step)} per step (95 %: {interval(finding.count)})")
    if finding.bytes.per_step > 0:
        spread = interval(finding.bytes, "bytes")
        parts.append(f"{byte_size(finding.bytes.per_step)} per step (95 %: {spread})")
    return ", ".join(parts)


def counter_words(evidence: Evidence) -> str:
    """The counter that grew, as the tables name it: "objects app.Session"."""
    return printable(f"{evidence.counter} {evidence.type}".rstrip())


def _short(type_name: str) -> str:
    """Built-in types go by their bare names in sentences; tables and JSON keep them whole."""
    return printable(type_name.removeprefix("builtins."))
