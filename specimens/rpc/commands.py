"""The commands, and nothing else: each parses its options, calls the module of its name, prints."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from dataclasses import asdict
from typing import Any

from specimens.rpc.client import Client
from specimens.rpc.errors import RpcError
from specimens.rpc.faults import BY_ID, FAULTS
from specimens.rpc.household import furnish
from specimens.rpc.server import Server

EXAMPLES = """examples:
  python -m specimens.rpc serve --port 8765
  python -m specimens.rpc call ws://127.0.0.1:8765 calculator.add 2 3
  python -m specimens.rpc call ws://127.0.0.1:8765 peer.describe '"calculator"'
  python -m specimens.rpc soak --cycles 1000
  python -m specimens.rpc soak --race --faults swallowed-cancellation
  python -m specimens.rpc faults
  python -m specimens.rpc gauntlet --only swallowed-cancellation"""


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 done · 1 the other side said no, or the gauntlet found a wrong answer · 2 wrong usage."""
    args = _parser().parse_args(arguments)
    try:
        return int(args.command(args))
    except KeyboardInterrupt:
        return 130
    except (RpcError, OSError) as error:
        print(f"rpc: {type(error).__name__}: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "python -m specimens.rpc", description=__doc__, epilog=EXAMPLES, formatter_class=form
    )
    verbs = parser.add_subparsers(required=True, metavar="serve | call | soak | faults | gauntlet")

    serve = verbs.add_parser("serve", help="offer a calculator and a workshop until Ctrl-C")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=0, help="0 (the default): any free one; the URL is printed")
    serve.add_argument("--key", default="", help="what clients must know")
    serve.set_defaults(command=_serve)

    call = verbs.add_parser("call", help="call one method and print its result as JSON")
    call.add_argument("url", help="ws://host:port")
    call.add_argument("what", help="service.method")
    call.add_argument("values", nargs="*", help="arguments, as JSON; what is no JSON is a string")
    call.add_argument("--key", default="")
    call.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS")
    call.set_defaults(command=_call)

    soak = verbs.add_parser("soak", help="connect and disconnect many times, and count what stays")
    _soak_options(soak)
    soak.set_defaults(command=_soak)

    faults = verbs.add_parser("faults", help="list the switches")
    faults.set_defaults(command=_faults)

    gauntlet = verbs.add_parser("gauntlet", help="run Outlive on every switch, and mark what it says")
    gauntlet.add_argument("--only", default="", metavar="NAME,NAME", help="these switches; 'right' is the right system")
    gauntlet.add_argument("--cycles", type=int, default=30, help="of each faulty soak (default: 30)")
    gauntlet.add_argument("--right-cycles", type=int, default=10_000, help="of the right system's (default: 10000)")
    gauntlet.add_argument("--no-javascript", action="store_true", help="leave the Node rows out")
    gauntlet.add_argument("--json", action="store_true", help="the rows as JSON")
    gauntlet.set_defaults(command=_gauntlet)
    return parser


def _soak_options(soak: argparse.ArgumentParser) -> None:
    soak.add_argument("--cycles", type=int, default=100, help="connects and disconnects (default: 100)")
    soak.add_argument("--faults", type=_fault_names, default=(), metavar="NAME,NAME", help="see `faults`")
    soak.add_argument("--url", default="", help="a running server; without it one is made in this process")
    soak.add_argument("--in-memory", action="store_true", help="no sockets: the same order of events each time")
    soak.add_argument("--race", action="store_true", help="close in the turn in which an answer comes")
    soak.add_argument("--old-server", action="store_true", help="the server's version is wrong: every greeting fails")
    soak.add_argument("--log-capture", action="store_true", help="keep log records, as pytest does")
    soak.add_argument(
        "--ask", default="", metavar="DIR", help="ask `outlive run -o DIR` for a look right after the last close"
    )
    soak.add_argument("--no-census", dest="census", action="store_false", help="collect nothing, count nothing")
    soak.add_argument("--json", action="store_true", help="the counts as JSON")


def _fault_names(text: str) -> tuple[str, ...]:
    names = tuple(filter(None, text.split(",")))
    for name in names:
        if name not in BY_ID or BY_ID[name].in_javascript:
            raise argparse.ArgumentTypeError(f"no fault {name!r} in Python; `faults` lists them")
    return names


def _serve(args: argparse.Namespace) -> int:
    asyncio.run(_serve_until_asked(args.host, args.port, args.key))
    return 0


async def _serve_until_asked(host: str, port: int, key: str) -> None:
    from specimens.rpc.websocket import listening

    server = Server(key=key)
    furnish(server)
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # loops without signals end by KeyboardInterrupt
            loop.add_signal_handler(number, asked.set)
    async with listening(server, host, port) as url:
        print(url, flush=True)
        await asked.wait()


def _call(args: argparse.Namespace) -> int:
    service, _, method = args.what.partition(".")
    print(json.dumps(asyncio.run(_call_once(args, service, method)), indent=2))
    return 0


async def _call_once(args: argparse.Namespace, service: str, method: str) -> Any:
    async with Client(args.url, name="caller", key=args.key) as client:
        return await client.call(service, method, *map(_value, args.values), timeout=args.timeout)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _soak(args: argparse.Namespace) -> int:
    from specimens.rpc import soak

    options = vars(args)
    plan = soak.Plan(**{name: options[name] for name in soak.Plan.__dataclass_fields__})
    census = soak.run(plan)
    if plan.census:
        print(json.dumps(asdict(census)) if args.json else census)
    return 0


def _faults(args: argparse.Namespace) -> int:
    for fault in FAULTS:
        newest = f", up to Python {fault.until[0]}.{fault.until[1]}" if fault.until else ""
        print(f"{fault.id:24}{fault.seed:8}{fault.expected.value}{newest}\n{'':32}{fault.about}")
    return 0


def _gauntlet(args: argparse.Namespace) -> int:
    from specimens.rpc import gauntlet

    only = tuple(filter(None, args.only.split(",")))
    rows = gauntlet.run(only, args.cycles, args.right_cycles, not args.no_javascript)
    print(json.dumps([asdict(row) for row in rows], indent=2) if args.json else gauntlet.table(rows))
    return 1 if any(row.wrong for row in rows) else 0
