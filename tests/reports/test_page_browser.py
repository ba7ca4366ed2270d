"""The page in a real Chromium: nothing hostile runs, nothing is fetched, tables and map work, the first view is fast.

Skipped where no Chromium is installed (Debian: `apt-get install chromium`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import page_values
import pytest
from page_browser import CHROMIUM, Browser, Page
from results import BLIND, LEAK, NO_LEAK, RAISED

from outlive.model.heap_summary import Block
from outlive.reports import page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.any_python,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]

Show = Callable[..., Page]
BIG_HEAP = page_values.heap(types=6_000, width=24, depth=3)
ROWS = "[...document.querySelectorAll('[data-table=types] tbody tr')]"
FIRST = f"{ROWS}[0].cells[0].textContent"
INSIDE = "document.querySelector('.map').getAttribute('aria-label')"
# Painted, and not only loaded: a page in the background paints when it is asked to draw.
FIRST_VIEW = """new Promise(done => new PerformanceObserver(list => done(list.getEntries()[0].startTime))
    .observe({type: 'paint', buffered: true}))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    running = Browser()
    yield running
    running.close()


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Show]:
    """Opens a page's text; after the test nothing may have been logged, thrown or fetched."""
    opened: list[Page] = []

    def shown(text: str, **options: Any) -> Page:
        file = tmp_path / f"page{len(opened)}.html"
        file.write_text(text, encoding="utf-8")
        opened.append(browser.page(file, **options))
        return opened[-1]

    yield shown
    for one in opened:
        one.drawn()
        assert one.trouble == []
        assert [address for address in one.requests if not address.startswith(("file:", "data:image/svg"))] == []
        one.close()


@pytest.mark.parametrize("result", [LEAK, NO_LEAK, RAISED, BLIND, page_values.leak()], ids=lambda result: result.reason)
def test_page_opens_without_a_word_of_trouble(show: Show, result: Any) -> None:
    opened = show(page.of_check(result))
    assert opened.run("document.querySelector('h1').textContent") == result.verdict.value


def test_hostile_names_run_nothing_in_a_check(show: Show) -> None:
    opened = show(page.of_check(page_values.hostile()))
    opened.run("document.querySelectorAll('details').forEach(one => one.open = true)")
    opened.drawn()
    assert opened.run("[window.hacked, document.scripts.length, document.images.length]") == [None, 2, 0]


@pytest.mark.parametrize("name", page_values.HOSTILE, ids=range(len(page_values.HOSTILE)))
def test_hostile_names_run_nothing_in_a_snapshot(show: Show, name: str) -> None:
    opened = show(page.of_heap(page_values.heap(name=name)))
    opened.run("document.querySelector('[data-table=types] th button').click()")
    opened.run("document.querySelector('.box').click()")
    opened.drawn()
    assert opened.run("[window.hacked, document.scripts.length, document.images.length]") == [None, 2, 0]


def test_script_that_got_in_all_the_same_is_stopped_by_the_policy(show: Show) -> None:
    """The walls are independent: this one is tested by breaking the others."""
    broken = page.of_check(LEAK).replace(
        "<main>", "<main><script>window.hacked = 1</script><img src=x onerror='hacked=1'>"
    )
    opened = show(broken)
    assert opened.run("window.hacked") is None
    assert len(opened.trouble) >= 2
    opened.trouble.clear()
    opened.requests.clear()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("text", ["hostile", "fifty", "heap"])
def test_page_never_scrolls_sideways(show: Show, text: str, width: int) -> None:
    made = {
        "hostile": lambda: page.of_check(page_values.hostile()),
        "fifty": lambda: page.of_check(page_values.many(50)),
        "heap": lambda: page.of_heap(page_values.heap(name=page_values.LONG)),
    }
    opened = show(made[text](), width=width)
    opened.run("document.querySelectorAll('details').forEach(one => one.open = true)")
    opened.drawn()
    assert opened.run("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    "text", [page.of_check(page_values.many(50)), page.of_heap(BIG_HEAP)], ids=["50 findings", "5 M objects"]
)
def test_first_view_is_there_within_a_second(show: Show, text: str) -> None:
    """The best of three: a machine that is busy with something else says nothing about the page."""
    assert min(show(text).run(FIRST_VIEW) for _ in range(3)) < 1000


def test_filter_looks_at_all_rows_and_says_how_many_fit(show: Show) -> None:
    opened = show(page.of_heap(BIG_HEAP))
    name = BIG_HEAP.types[3_456].type
    opened.run("document.querySelector('[data-table=types] input').focus()")
    opened.type(name.upper())
    assert opened.run(f"{ROWS}.map(row => row.cells[0].textContent)") == [name]
    assert opened.run("document.querySelector('[data-table=types] [role=status]').textContent").startswith("1 of 4,000")


def test_filter_that_fits_nothing_shows_no_row(show: Show) -> None:
    opened = show(page.of_heap(BIG_HEAP))
    opened.run("document.querySelector('[data-table=types] input').focus()")
    opened.type("no such type anywhere")
    assert opened.run(f"{ROWS}.length") == 0


def test_head_sorts_numbers_by_size_both_ways_and_says_so(show: Show) -> None:
    opened = show(page.of_heap(BIG_HEAP))
    head = "document.querySelectorAll('[data-table=types] thead th')[1]"
    opened.run(f"{head}.querySelector('button').click()")
    assert opened.run(f"{head}.getAttribute('aria-sort')") == "descending"
    assert opened.run(FIRST) == BIG_HEAP.types[0].type
    opened.run(f"{head}.querySelector('button').click()")
    assert opened.run(f"{head}.getAttribute('aria-sort')") == "ascending"
    assert opened.run(FIRST) != BIG_HEAP.types[0].type


def test_more_rows_come_when_asked_for(show: Show) -> None:
    opened = show(page.of_heap(BIG_HEAP))
    assert opened.run(f"{ROWS}.length") == 20
    opened.run("[...document.querySelectorAll('[data-table=types] button')].at(-1).click()")
    assert opened.run(f"{ROWS}.length") == 220


def test_map_opens_by_click_and_leads_back_by_its_names(show: Show) -> None:
    opened = show(page.of_heap(BIG_HEAP))
    outside = opened.run(INSIDE)
    opened.run("document.querySelector('.box:not(.leaf)').click()")
    opened.drawn()
    assert opened.run(INSIDE) != outside
    assert opened.run("document.querySelectorAll('.crumb').length") == 2
    opened.run("document.querySelector('.crumb').click()")
    opened.drawn()
    assert opened.run(INSIDE) == outside


def test_map_can_be_walked_by_keyboard_alone(show: Show) -> None:
    opened = show(page.of_heap(BIG_HEAP))
    opened.run("document.querySelector('.box[tabindex=\"0\"]').focus()")
    first = opened.run("document.activeElement.getAttribute('aria-label')")
    opened.press("ArrowRight")
    second = opened.run("document.activeElement.getAttribute('aria-label')")
    assert first != second
    opened.press("Enter")
    assert opened.run("document.querySelectorAll('.crumb').length") == 2
    opened.press("Escape")
    assert opened.run("document.querySelectorAll('.crumb').length") == 1
    assert opened.run("document.activeElement.getAttribute('aria-label')") == second


def test_map_has_one_stop_for_the_tab_key(show: Show) -> None:
    opened = show(page.of_heap(BIG_HEAP))
    assert opened.run("document.querySelectorAll('.box[tabindex=\"0\"]').length") == 1


def test_boxes_of_the_map_fill_it_and_do_not_overlap(show: Show) -> None:
    opened = show(page.of_heap(BIG_HEAP))
    filled = opened.run(
        """(() => { const map = document.querySelector('.map').getBoundingClientRect();
        const areas = [...document.querySelectorAll('.box')].map(box => box.getBoundingClientRect())
            .map(one => (one.width + 2) * (one.height + 2));
        return areas.reduce((sum, one) => sum + one, 0) / (map.width * map.height); })()"""
    )
    assert 0.97 < filled < 1.03


def test_what_is_no_box_of_its_own_comes_last_and_is_counted(show: Show) -> None:
    parts = tuple(Block(at, "app.Row", f"[{at}]", 100, 100) for at in (1, 2, 3))
    tree = Block(0, "", "all", 0, 1000, 53, parts)
    opened = show(page.of_heap(dataclasses.replace(BIG_HEAP, tree=tree)))
    boxes = opened.run("[...document.querySelectorAll('.box')].map(one => one.getAttribute('aria-label'))")
    assert boxes[-1] == "49 objects in smaller ones: 700 B"
    assert len(boxes) == 4


def test_colours_can_be_chosen_against_the_system(show: Show) -> None:
    opened = show(page.of_check(LEAK), dark=True)
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = opened.run(paper)
    opened.run("document.querySelector('button.theme').click()")
    opened.drawn()
    assert opened.run("document.querySelector('button.theme').textContent") == "Colours: light"
    assert opened.run(paper) != dark


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    "text", [page.of_check(page_values.leak()), page.of_heap(page_values.heap())], ids=["check", "heap"]
)
def test_every_text_can_be_read_against_its_ground(show: Show, text: str, dark: bool) -> None:
    """WCAG AA: 4.5 to 1, measured on the colours that Chromium computed."""
    opened = show(text, dark=dark)
    opened.run("document.querySelectorAll('details').forEach(one => one.open = true)")
    opened.drawn()
    assert opened.run(POOR_CONTRASTS) == []


def test_link_to_a_folded_finding_opens_it(show: Show) -> None:
    opened = show(page.of_check(page_values.many(50)))
    opened.run("document.querySelector('a[href=\"#finding-9\"]').click()")
    opened.drawn()
    assert opened.run("document.getElementById('finding-9').open")


# Colours are drawn on a canvas and read back, because a computed colour may be written in any colour space.
POOR_CONTRASTS = """(() => {
  const context = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  const rgb = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map(one => one / 255)
    .map(one => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const colour = rgb(getComputedStyle(one).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const one of document.querySelectorAll('body *')) {
    const says = [...one.childNodes].some(child => child.nodeType === 3 && child.data.trim());
    if (!says || !one.checkVisibility() || one.tagName === 'SCRIPT') continue;
    const style = getComputedStyle(one);
    const ink = rgb(one instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(ink), light(ground(one))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) poor.add(`${one.tagName}.${one.className.baseVal ?? one.className} ${contrast.toFixed(2)}`);
  }
  return [...poor];
})()"""
