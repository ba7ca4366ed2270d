"""Snapshots: how a heap is taken, kept in a file and read back. Judges nothing."""
