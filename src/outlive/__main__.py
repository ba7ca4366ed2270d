"""`python -m outlive`: the same doors as the `outlive` command."""

from outlive.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
