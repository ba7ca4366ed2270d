"""A snapshot, analysed: roots, holder paths, dominators, retained sizes, cycles, diffs. Pure: no I/O, no clock.

Start at `heap.Heap`. `rows` reads single rows, `values` what an object holds, `naming` what it is called, `labels` how
a reference is written; `roots` knows where everything hangs, `paths` and `holders` how, `reading_costs` which way is
told first.
"""

from outlive.heap.heap import Heap

__all__ = ["Heap"]
