"""What has ended, inside the watched program: noted when it ends, looked at later. Judges nothing, explains nothing.

Runs in programs that are not ours, so: standard modules in C only, nothing kept alive, nothing raised into the program,
nothing printed, no lock that a signal handler could need.
"""
