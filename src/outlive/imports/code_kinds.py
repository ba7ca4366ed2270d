"""What static analysers call their findings, and ours: by CWE where one is given, else by the words of the rule.

A finding that is of no leak and of no wrong use of memory or descriptors is none of our business.
"""

from __future__ import annotations

_BY_CWE = {
    401: "leak",
    771: "leak",
    772: "leak",
    775: "fd-not-closed",
    415: "double-free",
    416: "use-after-free",
    590: "invalid-free",
    761: "invalid-free",
    762: "mismatched-deallocator",
    763: "mismatched-deallocator",
    457: "uninitialised",
    908: "uninitialised",
    1341: "fd-double-close",
}
_BY_RULE = {
    "-Wanalyzer-malloc-leak": "leak",
    "-Wanalyzer-file-leak": "leak",
    "-Wanalyzer-fd-leak": "fd-not-closed",
    "-Wanalyzer-double-free": "double-free",
    "-Wanalyzer-double-fclose": "double-free",
    "-Wanalyzer-fd-double-close": "fd-double-close",
    "-Wanalyzer-use-after-free": "use-after-free",
    "-Wanalyzer-free-of-non-heap": "invalid-free",
    "-Wfree-nonheap-object": "invalid-free",
    "-Wanalyzer-mismatching-deallocation": "mismatched-deallocator",
    "-Wmismatched-dealloc": "mismatched-deallocator",
    "-Wmismatched-new-delete": "mismatched-deallocator",
    "-Wanalyzer-use-of-uninitialized-value": "uninitialised",
    "-Wuse-after-free": "use-after-free",
    "cplusplus.NewDeleteLeaks": "leak",
    "osx.cocoa.RetainCount": "leak",
    "unix.MismatchedDeallocator": "mismatched-deallocator",
}
# Rules that tell several kinds apart only by their sentence.
_BY_SENTENCE = {
    "unix.Malloc": (
        ("leak", "leak"),
        ("released", "use-after-free"),
        ("after it is freed", "use-after-free"),
        ("free released", "double-free"),
        ("non-owned", "double-free"),
        ("not memory allocated by", "invalid-free"),
        ("offset", "invalid-free"),
    ),
    "cplusplus.NewDelete": (("free released", "double-free"), ("after it is freed", "use-after-free")),
    "unix.Stream": (("leak", "leak"), ("never closed", "leak"), ("closed", "double-free")),
    "alpha.unix.Stream": (("leak", "leak"), ("never closed", "leak"), ("closed", "double-free")),
}


def kind_of(rule: str, cwe: int, sentence: str) -> str:
    """Our slug, "" for what is no business of ours."""
    words = sentence.lower()
    told = next((kind for word, kind in _BY_SENTENCE.get(rule, ()) if word in words), "")
    return _BY_RULE.get(rule, "") or told or _BY_CWE.get(cwe, "")


def resource_of(kind: str, rule: str) -> str:
    """What is lost or used wrongly."""
    if kind.startswith("fd-"):
        return "fd"
    return "stream" if "file-leak" in rule or "fclose" in rule or "Stream" in rule else "native"
