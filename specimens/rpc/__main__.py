"""`python -m specimens.rpc`: the server, a caller, the soak, the gauntlet."""

import sys

from specimens.rpc.commands import main

sys.exit(main())
