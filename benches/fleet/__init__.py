"""A fleet of small programs on real packages: what `outlive run` says of sound ones, and of their faulty twins."""
