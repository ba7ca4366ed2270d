"""Known patterns of leaks and known leaks of libraries, as data: what each is, why it is bad, what to do instead."""
