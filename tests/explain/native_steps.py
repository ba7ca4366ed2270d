"""A program in steps that loses and keeps blocks in many ways, each on a line of its own. Run under the recorder.

Its arguments are three files for looks and one for a heap.
"""

import ctypes
import sys

from outlive.capture.snapshot import take

_FIRST_STEP, _BETWEEN = 2, 0xFFFFFFFF
_program = ctypes.PyDLL(None)
_program.outlive_blocks_look.argtypes = [ctypes.c_char_p, ctypes.c_int]
_program.outlive_blocks_step.argtypes = [ctypes.c_uint64]
_program.malloc.restype = ctypes.c_void_p
_program.malloc.argtypes = [ctypes.c_size_t]
_program.free.argtypes = [ctypes.c_void_p]
_program.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
_STEPS = 200
_ring: list["ctypes.c_void_p"] = []


class Kept:
    """Owns a block that C code asked for."""

    def __init__(self) -> None:
        self.block = ctypes.c_void_p(block(700))


_MASK = (1 << 64) - 1
_older = _MASK  # in disguise: a number of Python's is no address
_registry: list[Kept] = []
_filled: list[Kept] = []


def block(size: int) -> int:
    address: int = _program.malloc(size)
    _program.memset(address, 0, size)
    return address


def lose_each_step(i: int) -> None:
    block(100)


def lose_every_seventh(i: int) -> None:
    if i % 7 == 0:
        block(200)


def lose_a_pair(i: int) -> None:
    first, second = block(64), block(1000)
    ctypes.c_void_p.from_address(first).value = second


def lose_one_that_points_to_an_older(i: int) -> None:
    global _older
    made = block(150)
    ctypes.c_uint64.from_address(made).value = (_older ^ _MASK) if i % 3 == 0 else 0
    _older = made ^ _MASK


def lose_a_chain(i: int) -> None:
    before = 0
    for _ in range(4):
        made = block(250)
        ctypes.c_uint64.from_address(made).value = before
        before = made


def lose_at_first(i: int) -> None:
    if i < 60:
        block(300)


def lose_ever_more_seldom(i: int) -> None:
    if i in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512):
        block(350)


def lose_in_one_step(i: int) -> None:
    if i == 150:
        for _ in range(100):
            block(400)


def free_each(i: int) -> None:
    _program.free(block(500))


def lose_what_leaves_a_ring(i: int) -> None:
    _ring.append(ctypes.c_void_p(block(600)))
    if len(_ring) > 20:
        del _ring[0]


def keep_each(i: int) -> None:
    _registry.append(Kept())


def keep_up_to_a_bound(i: int) -> None:
    if len(_filled) < 250:
        _filled.append(Kept())


def run(begin: int, end: int) -> None:
    for i in range(begin, end):
        _program.outlive_blocks_step(_FIRST_STEP + i)
        lose_each_step(i)
        lose_every_seventh(i)
        lose_a_pair(i)
        lose_one_that_points_to_an_older(i)
        lose_a_chain(i)
        lose_at_first(i)
        lose_ever_more_seldom(i)
        lose_in_one_step(i)
        free_each(i)
        lose_what_leaves_a_ring(i)
        keep_each(i)
        keep_up_to_a_bound(i)
    _program.outlive_blocks_step(_BETWEEN)


def main() -> None:
    for number in range(3):
        run(number * _STEPS, (number + 1) * _STEPS)
        failed = _program.outlive_blocks_look(sys.argv[1 + number].encode(), 1)
        if failed or _program.outlive_blocks_wait():
            sys.exit(f"no look: {failed}")
    take(sys.argv[4])


main()
