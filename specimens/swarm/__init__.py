"""A small download client in C on libuv, what it meets, and the mistakes that such clients make, each behind a switch.

The program is under `c/`; the Python around it builds it, runs trackers and seeds for it on the loopback, and asks
leak finders what they say of it. It is no part of the package and goes into no wheel.
"""
