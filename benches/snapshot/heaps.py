"""Heaps to measure on: about a fifth of the objects tracked by the collector, 54 bytes and 1.5 references an object."""

from __future__ import annotations

import random


class Record:
    """An ordinary object with a few attributes."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.name = f"name-{number}"
        self.tags = [f"tag-{number % 97}", number * 1.5]


class Point:
    """A small object with slots."""

    __slots__ = ("x", "y")

    def __init__(self, number: int) -> None:
        self.x = number * 0.5
        self.y = number + 1000


def _one(number: int) -> object:
    """One row of about ten objects, two of them tracked."""
    kind = number % 5
    if kind == 0:
        return Record(number)
    if kind == 1:
        return Point(number), f"point-{number}", (number + 5000, float(number))
    if kind == 2:
        return {f"key-{number}": number + 7000, "value": [number * 2.5, f"v-{number}"]}
    if kind == 3:
        return [f"text-{number}-{part}" for part in range(9)]
    return (number + 9000, [float(number + part) for part in range(7)])


def build(objects: int, *, aged: bool = False) -> list[object]:
    """About so many objects. `aged`: half of them freed at random, made anew in the holes, and shuffled."""
    rows: list[object] = [_one(number) for number in range(objects // 9)]
    if not aged:
        return rows
    chance = random.Random(7)
    chance.shuffle(rows)
    half = len(rows) // 2
    del rows[half:]
    rows += [_one(number) for number in range(half)]
    chance.shuffle(rows)
    return rows
