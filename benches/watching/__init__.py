"""What `outlive run` costs the program it watches, and whether it lasts: pairs of whole processes, and a soak."""
