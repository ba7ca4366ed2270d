"""What watching a whole program costs it."""
