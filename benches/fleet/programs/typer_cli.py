# needs: typer
# faulty: process|Popen
"""A typer program that runs a child; the faulty twin never waits for it."""

import subprocess
import sys

import typer

FAULTY = sys.argv[1:] == ["faulty"]
app = typer.Typer()
KEPT = []


@app.command()
def greet(name: str = "world") -> None:
    child = subprocess.Popen([sys.executable, "-S", "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    if FAULTY:
        KEPT.append(child)
    else:
        child.communicate(b"")
    typer.echo(f"hello {name}")


app([])
