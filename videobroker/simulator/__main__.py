"""`python -m videobroker.simulator`."""

import sys

from videobroker.simulator.command_line import main

sys.exit(main())
