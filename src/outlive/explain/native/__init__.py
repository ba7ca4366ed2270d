"""What native code left behind, from looks at its blocks: who asked for them, whose mistake it is, and when they went.

Pure: looks and names in, `model.native_end` out. Names of native places come through a function that is given.
"""
