"""Simulated programs, leaking and clean: what a counter does at each step, as arithmetic.

Each function makes a fresh program. `LEAKING` and `CLEAN` name the ones that every change of the judge is held against.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from simulate import FDS, OBJECTS, Counters, Program

from outlive.model.series import CounterKey

THREADS = CounterKey("threads")


def every(steps: int) -> Program:
    """One object more at each `steps`-th step."""

    def program(i: int, now: Counters, rng: Random) -> None:
        if i % steps == 0:
            now[OBJECTS] = now.get(OBJECTS, 0) + 1

    return program


def by_chance(chance: float) -> Program:
    def program(i: int, now: Counters, rng: Random) -> None:
        if rng.random() < chance:
            now[OBJECTS] = now.get(OBJECTS, 0) + 1

    return program


def from_step(start: int) -> Program:
    return lambda i, now, rng: now.__setitem__(OBJECTS, max(0, i - start))


def saw_tooth(period: int, leak_every: int = 0) -> Program:
    return lambda i, now, rng: now.__setitem__(OBJECTS, i % period + (i // leak_every if leak_every else 0))


def random_teeth(mean: int, leak_every: int = 0) -> Program:
    """Grows by one per step and is emptied at random."""
    since = 0

    def program(i: int, now: Counters, rng: Random) -> None:
        nonlocal since
        since = i if rng.random() < 1 / mean else since
        now[OBJECTS] = i - since + (i // leak_every if leak_every else 0)

    return program


def pool_around_a_mean(pull: float, spread: float, leak: float = 0.0) -> Program:
    level, leaked = 0.0, 0

    def program(i: int, now: Counters, rng: Random) -> None:
        nonlocal level, leaked
        level += rng.gauss(0, spread) - pull * level
        leaked += rng.random() < leak
        now[OBJECTS] = 1000 + round(level) + leaked

    return program


def cache(bound: int) -> Program:
    return lambda i, now, rng: now.__setitem__(OBJECTS, min(i, bound))


def seen_set(keys: int) -> Program:
    seen: set[int] = set()

    def program(i: int, now: Counters, rng: Random) -> None:
        seen.add(rng.randrange(keys))
        now[OBJECTS] = len(seen)

    return program


def zipf_cache(keys: int, bound: int) -> Program:
    held: dict[int, None] = {}

    def program(i: int, now: Counters, rng: Random) -> None:
        key = int(keys ** rng.random())
        held.pop(key, None)
        held[key] = None
        if len(held) > bound:
            del held[next(iter(held))]
        now[OBJECTS] = len(held)

    return program


def lazy_imports(modules: int) -> Program:
    def program(i: int, now: Counters, rng: Random) -> None:
        if i < 2 * modules and i % 2 == 0:
            now[OBJECTS] = now.get(OBJECTS, 0) + rng.randrange(1, 5000)

    return program


def logarithm() -> Program:
    return lambda i, now, rng: now.__setitem__(OBJECTS, int(40 * math.log1p(i)))


def square_root() -> Program:
    return lambda i, now, rng: now.__setitem__(OBJECTS, int(4 * math.sqrt(i)))


def one_jump(at: int) -> Program:
    return lambda i, now, rng: now.__setitem__(OBJECTS, 961_000 if i >= at else 0)


def doubling_table() -> Program:
    return lambda i, now, rng: now.__setitem__(OBJECTS, 1 << (i // 3000 + 1).bit_length())


def jitter() -> Program:
    return lambda i, now, rng: now.__setitem__(OBJECTS, 1000 + rng.randrange(-3, 4))


def coin() -> Program:
    return lambda i, now, rng: now.__setitem__(OBJECTS, now.get(OBJECTS, 0) + rng.choice((-1, 1)))


def thread_pool(size: int) -> Program:
    def program(i: int, now: Counters, rng: Random) -> None:
        now[THREADS] = 1 + min(i, size)
        now[OBJECTS] = 3 * min(i, size)

    return program


def descriptors(every_step: int) -> Program:
    def program(i: int, now: Counters, rng: Random) -> None:
        if i % every_step == 0:
            now[FDS] = now.get(FDS, 3) + 1
            now[OBJECTS] = now.get(OBJECTS, 0) + 2

    return program


LEAKING: dict[str, Callable[[], Program]] = {
    "once per step": lambda: every(1),
    "every 10th": lambda: every(10),
    "every 100th": lambda: every(100),
    "every 1000th": lambda: every(1000),
    "every 997th": lambda: every(997),
    "one in 100 by chance": lambda: by_chance(0.01),
    "one in 1000 by chance": lambda: by_chance(0.001),
    "saw-tooth of 1000 and one per step": lambda: saw_tooth(1000, 1),
    "saw-tooth of 1000 and one per ten": lambda: saw_tooth(1000, 10),
    "random teeth of 50 and one per ten": lambda: random_teeth(50, 10),
    "random teeth of 500 and one per ten": lambda: random_teeth(500, 10),
    "noisy pool and one in ten": lambda: pool_around_a_mean(0.1, 10, 0.1),
    "calm pool and one in 100": lambda: pool_around_a_mean(0.1, 2, 0.01),
    "from step 500": lambda: from_step(500),
    "from step 5000": lambda: from_step(5000),
    "descriptor per step": lambda: descriptors(1),
    "descriptor per ten": lambda: descriptors(10),
    "descriptor per 1000": lambda: descriptors(1000),
}

CLEAN: dict[str, Callable[[], Program]] = {
    "saw-tooth of 777": lambda: saw_tooth(777),
    "saw-tooth of 1000": lambda: saw_tooth(1000),
    "saw-tooth of 5000": lambda: saw_tooth(5000),
    "random teeth of 50": lambda: random_teeth(50),
    "random teeth of 500": lambda: random_teeth(500),
    "random teeth of 5000": lambda: random_teeth(5000),
    "pool, quick": lambda: pool_around_a_mean(0.1, 10),
    "pool, slow": lambda: pool_around_a_mean(0.01, 10),
    "pool, slower": lambda: pool_around_a_mean(0.001, 10),
    "pool, slowest": lambda: pool_around_a_mean(0.0001, 10),
    "cache of 500": lambda: cache(500),
    "cache of 1000": lambda: cache(1000),
    "cache of 5000": lambda: cache(5000),
    "cache of 9000": lambda: cache(9000),
    "seen set of 1000": lambda: seen_set(1000),
    "seen set of 5000": lambda: seen_set(5000),
    "seen set of 10000": lambda: seen_set(10_000),
    "zipf, cache of 1024": lambda: zipf_cache(10_000, 1024),
    "zipf, cache of 4096": lambda: zipf_cache(100_000, 4096),
    "lazy imports": lambda: lazy_imports(115),
    "coin": lambda: coin(),
    "logarithm": lambda: logarithm(),
    "square root": lambda: square_root(),
    "one early jump": lambda: one_jump(900),
    "one late jump": lambda: one_jump(12_000),
    "doubling table": lambda: doubling_table(),
    "jitter": lambda: jitter(),
    "pool of 40 threads": lambda: thread_pool(40),
    "pool of 100 threads": lambda: thread_pool(100),
}
