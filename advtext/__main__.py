"""`python -m advtext`, the same as the command `advtext`."""

import sys

from advtext.cli import main

if __name__ == "__main__":
    sys.exit(main())
