# needs: click, rich
# faulty: file|temp
"""A command with a progress bar, ended by SystemExit(3). The faulty twin leaves a file open."""

import sys

import click
from rich.console import Console
from rich.progress import Progress

KEPT = []


@click.group()
def cli() -> None:
    pass


@cli.command()
@click.argument("file", type=click.File())
@click.option("--keep/--no-keep")
def count(file, keep: bool) -> None:
    if keep:
        KEPT.append(open(file.name))  # noqa: SIM115
    with Progress(console=Console(file=sys.stderr, width=60), transient=True) as progress:
        for _ in progress.track(range(20)):
            pass
    click.echo(len(file.readlines()))
    sys.exit(3)


cli(["count", __file__, *(["--keep"] if sys.argv[1:] == ["faulty"] else [])])
