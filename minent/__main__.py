"""`python -m minent` is the command `minent`."""

from __future__ import annotations

import sys

from minent.cli import main

if __name__ == "__main__":
    sys.exit(main())
