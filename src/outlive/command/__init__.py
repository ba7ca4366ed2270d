"""Checking a command: a program that need not know Python, run under the recorder of native blocks.

Two ways. A command that is one step (`./prog {i}`) is run again and again, and what each run loses is compared
(`by_run`). A program that marks its own steps runs once, and its looks are series that the judge reads (`by_step`).
"""
