"""What stamps cost the program, against no stamps and against tracemalloc, in fresh processes side by side."""
