"""`python -m mockserver` is `runware-mock`."""

import sys

from mockserver.cli import main

sys.exit(main())
