"""`python -m contracts`: the same as `runware-mock`, with the commands of the kit."""

import sys

from contracts.cli import main

if __name__ == "__main__":
    sys.exit(main())
