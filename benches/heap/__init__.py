"""How long does it take to know who holds what in a large heap, and how much memory? Against igraph and rustworkx."""
