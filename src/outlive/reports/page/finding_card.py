"""One finding as HTML: the sentence, the figures, why it lives, where it was made, what to do, the evidence."""

from __future__ import annotations

from outlive.model.explanation import Advice, Explanation, Site
from outlive.model.series import Series
from outlive.model.verdict import Evidence, Finding
from outlive.reports.amounts import amount, byte_size, counted, interval, number, power
from outlive.reports.finding_words import counter_words, sentence
from outlive.reports.page.growth_plot import growth_plot
from outlive.reports.page.holder_path import holder_path
from outlive.reports.page.markup import Markup, code, element, join, name, prose, shortened
from outlive.reports.page.tables import scrolling
from outlive.reports.why_text import native_words, owner_words

_MOST_PLOTS = 4
_MOST_WITH_IT = 40
_MOST_CALLERS = 12
_MOST_HOLDERS = 12
_LONGEST_SENTENCE = 600


def anchor(at: int) -> str:
    """The place of finding number `at` in the page."""
    return f"finding-{at}"


def title(finding: Finding) -> str:
    """The sentence as a heading."""
    words = shortened(sentence(finding), _LONGEST_SENTENCE)
    return words[:1].upper() + words[1:]


def finding_card(finding: Finding, at: int, *, of: int, is_open: bool) -> Markup:
    """A card that opens and closes. A lone finding needs no number, and its sentence is the page's headline already."""
    if of == 1:
        words = "Why it lives" if finding.explanation else "How it grew"
        heading = element("summary", element("span", element("h2", words), _figures(finding), class_="said"))
    else:
        said = element("span", element("h3", name(title(finding))), _figures(finding), class_="said")
        heading = element("summary", element("span", str(at), class_="at"), said)
    body = element("div", *_story(finding), class_="body")
    return element("details", heading, body, class_="finding", id=anchor(at), open=is_open)


def _figures(finding: Finding) -> Markup | None:
    rates = [(finding.count, ""), (finding.bytes, "bytes")]
    parts = [
        element(
            "span",
            element("b", amount(rate.per_step, unit)),
            f" per step, 95 %: {interval(rate, unit)}",
            class_="figure",
        )
        for rate, unit in rates
        if rate.per_step > 0
    ]
    return element("span", *parts, class_="figures") if parts else None


def _story(finding: Finding) -> list[Markup | None]:
    why = finding.explanation
    plots = _plots(finding)
    if why is None:
        detail = element("p", finding.detail, class_="why pre") if finding.detail else None
        aside = element("div", *plots, class_="columns") if plots else None
        return [detail, aside, _evidence(finding, is_open=True), _fingerprint(finding)]
    path = holder_path(why.path)
    left = element("div", element("h4", "Who holds it"), path or _no_path(why), _also(why))
    right = element("div", *plots[:1], _facts(why))
    return [
        element("p", prose(shortened(why.sentence, _LONGEST_SENTENCE)), class_="why") if why.sentence else None,
        element("div", left, right, class_="columns"),
        *(_advice(advice) for advice in why.advice),
        _more_plots(plots[1:]),
        _evidence(finding, is_open=False),
        _fingerprint(finding),
    ]


def _no_path(why: Explanation) -> Markup:
    reason = "Native code holds it; no Python object does." if why.native_references else "No holder was found."
    return element("p", reason, class_="quiet")


def _also(why: Explanation) -> Markup | None:
    if not why.also_held_by:
        return None
    shown = [element("li", code(one)) for one in why.also_held_by[:_MOST_HOLDERS]]
    more = len(why.also_held_by) - len(shown)
    return join(
        [
            element("h4", "Still held, were that reference cut, by"),
            element("ul", *shown, element("li", f"and {counted(more, 'other')}") if more > 0 else None, class_="plain"),
        ]
    )


def _facts(why: Explanation) -> Markup:
    rows = [
        ("Types", name(", ".join(shortened(one, 80) for one in why.types[:6])) if len(why.types) > 1 else None),
        ("Faulty reference", code(why.held_by) if why.held_by else None),
        ("Made at", _site(why.site) if why.site else None),
        ("Held by", name(owner_words(why.owner)) if owner_words(why.owner) else None),
        ("Made by", name(owner_words(why.made_by)) if owner_words(why.made_by) else None),
        ("Not yours", name(why.family) if why.family else None),
        ("Each keeps", element("span", byte_size(why.retained_bytes)) if why.retained_bytes else None),
        ("Natively", _natively(why)),
        ("Taken by", code(native_words(why.native)) if why.native else None),
        ("Seen", _seen(why)),
    ]
    pairs = [element("div", element("dt", term), element("dd", words)) for term, words in rows if words is not None]
    return element("dl", *pairs, class_="facts")


def _natively(why: Explanation) -> Markup | None:
    if not why.native_references:
        return None
    return element("span", f"{counted(why.native_references, 'reference')} that no Python object holds")


def _seen(why: Explanation) -> Markup | None:
    if not why.sampled:
        return None
    return element("span", f"{why.explained:,} of {why.sampled:,} looked at hang on this reference")


def _site(site: Site) -> Markup:
    source = element("pre", element("code", shortened(site.source.strip(), 400))) if site.source.strip() else None
    callers = [element("li", *_place(one)) for one in site.callers[:_MOST_CALLERS]]
    called = (
        element("details", element("summary", f"Called from {counted(len(callers), 'place')}"), element("ol", *callers))
        if callers
        else None
    )
    about = element("span", " (approximately)", class_="quiet") if site.approximate else None
    return element("div", *_place(site), about, source, called, class_="site")


def _place(site: Site) -> list[Markup | str]:
    return [code(f"{site.file}:{site.line}"), " in ", code(site.function)]


def _advice(advice: Advice) -> Markup:
    """What to do. A reference becomes a link only when it is a plain web address."""
    links = advice.reference.startswith("https://")
    reference = (
        element("a", name(advice.reference), href=advice.reference, rel="noreferrer noopener")
        if links
        else name(advice.reference)
    )
    return element(
        "section",
        element("h4", name(advice.title or advice.id)),
        element("p", prose(advice.text)),
        element("p", code(f"outlive explain {advice.id}"), join([" · ", reference]) if advice.reference else None),
        class_="advice",
    )


def _plots(finding: Finding) -> list[Markup]:
    """The counters of the evidence first; a series without evidence is drawn without a rate."""
    known = {(one.counter, one.type): one for one in (*finding.with_it, *finding.evidence)}
    order = {(one.counter, one.type): at for at, one in enumerate(finding.evidence)}

    def place(series: Series) -> int:
        return order.get((series.key.counter, series.key.type), len(order))

    chosen = sorted(finding.series, key=place)[:_MOST_PLOTS]
    drawn = [growth_plot(series, known.get((series.key.counter, series.key.type))) for series in chosen]
    return [plot for plot in drawn if plot is not None]


def _more_plots(plots: list[Markup]) -> Markup | None:
    if not plots:
        return None
    words = "One more counter that grew" if len(plots) == 1 else f"{len(plots)} more counters that grew"
    return element("details", element("summary", words), element("div", *plots, class_="columns"), class_="more-plots")


def _evidence(finding: Finding, *, is_open: bool) -> Markup:
    titles = ("what grew", "per step", "95 % interval", "from", "to", "floors up/down", "e-value")
    head = element(
        "tr", *(element("th", one, scope="col", class_="number" if at else None) for at, one in enumerate(titles))
    )
    along = finding.with_it[:_MOST_WITH_IT]
    rows = [_evidence_row(one) for one in finding.evidence[:_MOST_WITH_IT]]
    if along:
        rows.append(element("tr", element("th", "and with it", colspan=len(titles), scope="colgroup", class_="along")))
        rows += [_evidence_row(one) for one in along]
    hidden = len(finding.with_it) - len(along)
    return element(
        "details",
        element("summary", "Evidence"),
        scrolling(element("table", element("thead", head), element("tbody", *rows)), "Evidence"),
        element("p", f"and {counted(hidden, 'more counter')}", class_="quiet") if hidden > 0 else None,
        class_="evidence",
        open=is_open,
    )


def _evidence_row(one: Evidence) -> Markup:
    cells = [
        amount(one.rate.per_step, one.unit),
        interval(one.rate, one.unit),
        amount(one.before, one.unit),
        amount(one.after, one.unit),
        f"{number(one.floors_up)}/{number(one.floors_down)}",
        power(one.e_value),
    ]
    return element(
        "tr", element("td", code(counter_words(one))), *(element("td", cell, class_="number") for cell in cells)
    )


def _fingerprint(finding: Finding) -> Markup:
    return element("p", "fingerprint ", code(finding.fingerprint), class_="fingerprint")
