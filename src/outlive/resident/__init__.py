"""Outlive inside a program that `outlive run` watches from its first line to its end.

Theory of operation. The parent (`folder`) makes a private folder with orders and puts `boot/` first on PYTHONPATH. The
first Python that starts imports `boot/sitecustomize.py`, which gives back the environment and the import path as they
were, loads this package from the parent's own installation, and calls `start.begin`. From then on:

    sampler   one thread that nobody sees sleeps; every so often it writes the program's figures
    signals   what would end the program at once is noted, looked at, and passed on
    exits     the interpreter's end and `os._exit` leave a last look
    loops     `asyncio.run` is about to cancel what is left: a look before
    forks     a forked copy is not the program and leaves nothing; around the fork the thread is away

Every look goes through `looking.Looker`: one at a time, in the process that was started and in no copy of it, and no
failure of it ever reaches the program. `folder` alone is the parent's; all else runs in the watched program and
imports nothing that the program might notice.
"""
