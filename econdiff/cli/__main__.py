"""`python -m econdiff.cli`: the command."""

import sys

from econdiff.cli import main

sys.exit(main())
