"""Debug information as compilers write it (DWARF 2 to 5): which lines and which inlined functions stand at an address.

Theory of operation
-------------------
A file's debug information is a row of *units*, one for each source file that was compiled. `units` finds the one that
an address belongs to, `abbreviations` tells how the unit's records (DIEs) are laid out, `functions` finds the function
in it and, within that one function alone, what was inlined where; `lines` decodes the unit's table of lines.
Everything is read when it is asked for and kept: a file of hundreds of megabytes costs what is asked of it.

All of it is hostile input. Lengths and offsets are claims; every one is checked by the slice that uses it. What is
nested is followed to a depth, references to a number of hops, and each question has an amount of time: a file that
takes longer is one that we do not know.

Not read: units that a compiler put into files of their own (`.dwo`). Lines are known there too, inlined functions are
not.
"""
