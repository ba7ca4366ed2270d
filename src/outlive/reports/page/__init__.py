"""One self-contained HTML page: a check's result, or a snapshot's summary. Data in, a string out; no file is touched.

Theory of operation. Everything a reader must see is written as plain HTML here and works with scripts switched off.
The small scripts in assets/ only add: a choice between light and dark, sorting and filtering of tables, and the map of
what retains how much. They get their data from one JSON block.

What a page shows comes from watched programs and from files of strangers. Three walls, each enough alone: text enters
HTML only through `markup.element`, which escapes it; scripts insert text only as text; and the page's own
content-security policy runs no script and no style whose hash it does not name, and lets nothing be fetched.
"""

from __future__ import annotations

from outlive.model.heap_summary import HeapSummary
from outlive.model.verdict import CheckResult
from outlive.reports.page import check_page, heap_page
from outlive.reports.page.document import document


def of_check(result: CheckResult) -> str:
    """The page of a check's result."""
    return document(check_page.sheet(result))


def of_heap(summary: HeapSummary) -> str:
    """The page of a snapshot."""
    return document(heap_page.sheet(summary))
