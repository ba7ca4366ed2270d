"""A snapshot, analysed: roots, holder paths, dominators, retained sizes, cycles, diffs. Pure: no I/O, no clock."""
