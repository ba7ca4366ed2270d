"""Small real programs whose mistakes are known: each correct by itself, each with planted faults behind switches."""
