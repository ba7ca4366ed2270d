"""Names of native code, read from files on disk: nothing here runs or loads what it reads."""
