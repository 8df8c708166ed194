"""Tests the classifier of a finished run: the same as `advtext evaluate`.

python scripts/evaluate.py runs/a
"""

import sys
from pathlib import Path

# So that a plain clone works too.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from advtext.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(["evaluate", *sys.argv[1:]]))
