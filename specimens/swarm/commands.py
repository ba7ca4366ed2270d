"""The commands, and nothing else: each parses its options, calls the module of its name, prints."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from specimens.swarm import building
from specimens.swarm.faults import BY_SWITCH, FAULTS
from specimens.swarm.metafile import Content
from specimens.swarm.world import FETCH_OPTIONS, World

EXAMPLES = """examples:
  python -m specimens.swarm build
  python -m specimens.swarm fetch
  python -m specimens.swarm fetch --fault overwritten-on-reconnect --variant lsan
  python -m specimens.swarm serve README.md          # and, elsewhere: swarm fetch METAFILE -o FILE
  python -m specimens.swarm faults
  python -m specimens.swarm gauntlet --tools lsan,valgrind"""


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 done · 1 not fetched · 2 wrong usage · 3 cannot build."""
    args = _parser().parse_args(arguments)
    try:
        return int(args.command(args))
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        print(f"swarm: {error}", file=sys.stderr)
        return 3


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "python -m specimens.swarm", description=__doc__, epilog=EXAMPLES, formatter_class=form
    )
    verbs = parser.add_subparsers(required=True, metavar="build | fetch | serve | faults | gauntlet")

    build = verbs.add_parser("build", help="build the C program, and say where it lies")
    build.add_argument("--variant", choices=building.VARIANTS, default="plain")
    build.set_defaults(command=_build)

    fetch = verbs.add_parser("fetch", help="download a file from seeds of our own, and compare")
    fetch.add_argument("--variant", choices=building.VARIANTS, default="plain")
    fetch.add_argument("--fault", choices=sorted(BY_SWITCH), metavar="NAME", help="see `faults`")
    fetch.set_defaults(command=_fetch)

    serve = verbs.add_parser("serve", help="offer a file on the loopback until Ctrl-C; prints the metafile's path")
    serve.add_argument("file", type=Path)
    serve.set_defaults(command=_serve)

    faults = verbs.add_parser("faults", help="list the switches, and what is true of each")
    faults.set_defaults(command=_faults)

    gauntlet = verbs.add_parser("gauntlet", help="run every switch under every tool, and mark what they say")
    gauntlet.add_argument("--tools", default="lsan,asan,valgrind,heaptrack,outlive", metavar="NAME,NAME")
    gauntlet.add_argument(
        "--only", default="", metavar="NAME,NAME", help="these switches; 'right' is the right program"
    )
    gauntlet.add_argument("--json", action="store_true", help="the rows as JSON")
    gauntlet.set_defaults(command=_gauntlet)
    return parser


def _built(variant: str) -> Path:
    missing = building.missing()
    if missing:
        raise OSError(missing)
    return building.build(variant)


def _build(args: argparse.Namespace) -> int:
    print(_built(args.variant) / "swarm")
    return 0


def _fetch(args: argparse.Namespace) -> int:
    swarm = _built(args.variant) / "swarm"
    with tempfile.TemporaryDirectory() as folder, World() as world:
        fetched = Path(folder) / world.content.name
        words = [str(swarm), "fetch", str(world.metafile), "-o", str(fetched), *FETCH_OPTIONS]
        done = subprocess.run([*words, *(["--fault", args.fault] if args.fault else [])])
        same = fetched.exists() and fetched.read_bytes() == world.content.data
    print(f"{len(world.content.data):,} bytes {'are the same' if same else 'DIFFER'}; exit {done.returncode}")
    return 0 if same and done.returncode == 0 else 1


def _serve(args: argparse.Namespace) -> int:
    with World(Content(args.file.name, args.file.read_bytes())) as world:
        print(world.metafile, flush=True)
        threading.Event().wait()
    return 0


def _faults(args: argparse.Namespace) -> int:
    for fault in FAULTS:
        print(f"{fault.seed:5}{fault.switch:27}{fault.category:10}{fault.kind:13}{fault.event}\n{'':5}{fault.about}")
        if fault.is_leak:
            busy = "; libuv's loop stays open, and its own blocks with it" if fault.loop_busy else ""
            figures = f"{fault.total_bytes:,} B in {fault.total_blocks} blocks over {fault.events} events"
            print(f"{'':5}{figures} in the default run{busy}")
    return 0


def _gauntlet(args: argparse.Namespace) -> int:
    from specimens.swarm import gauntlet

    if building.missing():
        raise OSError(building.missing())
    rows = gauntlet.run(tuple(args.tools.split(",")), tuple(filter(None, args.only.split(","))))
    print(json.dumps(gauntlet.as_data(rows), indent=2) if args.json else gauntlet.table(rows))
    return 0
