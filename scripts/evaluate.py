"""Tests the classifier of a finished run: the same as `advtext evaluate`.

python scripts/evaluate.py runs/a
"""

import sys

from advtext.cli import main

if __name__ == "__main__":
    sys.exit(main(["evaluate", *sys.argv[1:]]))
