"""A large snapshot is opened: how long until the first holder path, each further one, the summary, and the page?

    python -m benches.heap.opening                            # 5 M objects: modules of the standard library, parsed
    python -m benches.heap.opening --pictures /tmp/pictures   # and what Chromium shows, to be looked at
    python -m benches.heap.opening --snapshot FILE            # one that exists

The heap is a real one: syntax trees of the standard library's modules, kept by file name. Deep, uneven, full of cycles
and of dicts, as programs' heaps are. It is built, and looked at, each in a process of its own. A first view is the
best of three pages opened in headless Chromium, where that is installed: until the first text is painted.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

OBJECTS = 5_000_000
# Of a parsed standard library; an attribute's dict, its numbers and the list of a body come beside each node.
OBJECTS_PER_NODE = 2.5
PATHS = 300
TESTS = Path(__file__).parents[2] / "tests" / "reports"
FIRST_VIEW = """new Promise(done => new PerformanceObserver(list => done(list.getEntries()[0].startTime))
    .observe({type: 'paint', buffered: true}))"""
trees: dict[str, ast.AST] = {}


def grow(objects: int) -> None:
    nodes = 0
    for file in sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py")):
        if nodes * OBJECTS_PER_NODE > objects:
            return
        if "site-packages" in file.parts:
            continue
        try:
            trees[file.name] = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError):  # files that test the parser
            continue
        nodes += sum(1 for _ in ast.walk(trees[file.name]))


def make(path: str, objects: int) -> None:
    grow(objects)
    import outlive

    outlive.snapshot(path)


def timed(work: Any) -> tuple[Any, float]:
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def paths(file: str) -> dict[str, float]:
    """The first path pays for the passes; of the next, spread over the heap, the median and the slowest count."""
    from outlive.capture.snapshot import load
    from outlive.heap import Heap

    heap, loading = timed(lambda: Heap(load(Path(file))))
    chance = random.Random(7)
    nodes = [chance.randrange(1, len(heap)) for _ in range(PATHS)]
    _, first = timed(lambda: told(heap, nodes[0]))
    rest = sorted(timed(lambda node=node: told(heap, node))[1] for node in nodes[1:])
    return {
        "objects": len(heap) - 1, "references": len(heap.snapshot.column("targets")), "load": loading,
        "first": first, "median": rest[len(rest) // 2], "slowest": rest[-1],
    }  # fmt: skip


def told(heap: Any, node: int) -> str:
    path = heap.path(node)
    return path.expression if path is not None else ""


def page(file: str, out: str) -> dict[str, float]:
    from outlive.capture.snapshot import load
    from outlive.heap import Heap
    from outlive.heap.summary import summarise
    from outlive.reports.page import of_heap

    cpu = time.process_time()
    summary, seconds = timed(lambda: summarise(Heap(load(Path(file)))))
    cpu = time.process_time() - cpu
    text, writing = timed(lambda: of_heap(summary))
    Path(out).write_text(text, encoding="utf-8")
    assert summary.tree is not None
    return {
        "summary": seconds, "summary_cpu": cpu, "page": writing, "bytes": len(text.encode()),
        "blocks": count(summary.tree), "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


def count(block: Any) -> int:
    return 1 + sum(count(one) for one in block.children)


def views(file: Path, pictures: Path | None) -> dict[str, float]:
    """Milliseconds until the first view, by width; with pictures of the whole page, light and dark."""
    sys.path.insert(0, str(TESTS))
    from page_browser import CHROMIUM, Browser

    found: dict[str, float] = {}
    if CHROMIUM is None:
        return found
    browser = Browser()
    for name, width in (("desktop", 1280), ("phone", 390)):
        opened = [browser.page(file, width=width) for _ in range(3)]
        found[name] = min(one.run(FIRST_VIEW) for one in opened)
        for dark in (False, True) if pictures else ():
            shown = browser.page(file, width=width, dark=dark)
            shown.drawn()
            shown.picture(pictures / f"{name}-{'dark' if dark else 'light'}.png")
    browser.close()
    return found


def child(*arguments: str) -> str:
    command = [sys.executable, "-m", "benches.heap.opening", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def report(file: Path, folder: Path, pictures: Path | None) -> None:
    asked = json.loads(child("--paths", str(file)))
    print(f"{asked['objects']:,} objects, {asked['references']:,} references, {file.stat().st_size / 1e6:,.0f} MB")
    print(f"load {asked['load']:.2f} s; first holder path, its passes included: {asked['first']:.2f} s")
    print(
        f"{PATHS - 1} more: median {asked['median'] * 1e3:.2f} ms, slowest {asked['slowest'] * 1e3:.1f} ms", flush=True
    )
    out = folder / "page.html"
    made = json.loads(child("--page", str(file), str(out)))
    print(f"summary {made['summary']:.1f} s ({made['summary_cpu']:.1f} s of the processor), {made['blocks']:,} blocks")
    print(f"page {made['page']:.2f} s, {made['bytes'] / 1e6:.2f} MB; peak {made['peak_mb']:,.0f} MB", flush=True)
    for name, view in views(out, pictures).items():
        print(f"first view, {name}: {view:.0f} ms")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=OBJECTS)
    parser.add_argument("--snapshot", type=Path)
    parser.add_argument("--pictures", type=Path)
    for hidden, count_ in (("--make", 1), ("--paths", 1), ("--page", 2)):
        parser.add_argument(hidden, nargs=count_, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.make:
        make(args.make[0], args.objects)
    elif args.paths:
        print(json.dumps(paths(*args.paths)))
    elif args.page:
        print(json.dumps(page(*args.page)))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            file = args.snapshot or Path(temporary) / "heap.outlive"
            if not args.snapshot:
                child("--make", str(file), "--objects", str(args.objects))
            if args.pictures:
                args.pictures.mkdir(parents=True, exist_ok=True)
            report(file, Path(temporary), args.pictures)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
