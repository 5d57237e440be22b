"""`python -m contracts`: the same as `runware-mock`, with the commands of the kit."""

import sys

from contracts.cli import main

sys.exit(main())
