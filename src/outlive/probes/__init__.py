"""What is alive, counted: one file per resource, each a few plain functions and the declaration of what they cost.

A probe reads the world and nothing else: it keeps no state, judges nothing and formats nothing. Every function takes
`pid`, `None` meaning this very process, or says in its declaration that it can only look at its own.

Probes run inside the program that is being watched. So they import nothing beyond `os`, `sys` and their like, keep
nothing alive, take no lock and leave neither block, descriptor nor file behind (`tests/probes/test_neutrality.py`).

`registry` lists them all, by the figures that they give.
"""
