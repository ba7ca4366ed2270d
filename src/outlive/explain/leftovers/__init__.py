"""What outlived its end, and why: from a heap and a look to leftovers. Pure: no I/O, no clock.

Each kind of evidence is a file of its own and hands on `Remain`s; `holding` says which of the four answers is true;
`grouping` makes one mistake of many things; `telling` and `words` say it. `problems` has all that is said of a problem.
"""

from outlive.explain.leftovers.looking import explain_look

__all__ = ["explain_look"]
