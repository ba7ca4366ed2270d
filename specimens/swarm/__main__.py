"""`python -m specimens.swarm`: the build, a download, the switches, the gauntlet."""

import sys

from specimens.swarm.commands import main

sys.exit(main())
