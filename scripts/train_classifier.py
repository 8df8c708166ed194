"""Trains a classifier and tests it: the same as `advtext train`.

python scripts/train_classifier.py configs/demo.toml --run_dir=runs/a
"""

import sys
from pathlib import Path

# So that a plain clone works too.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from advtext.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
