"""The trial: a scenario in a fresh process of its own, run step by step, with what is alive counted in between.

It judges nothing. `Trial` is the parent's side, `outlive.trial.child` the child's; they share `wire` and `board`.
"""
