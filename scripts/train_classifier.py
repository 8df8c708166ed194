"""Trains a classifier and tests it: the same as `advtext train`.

python scripts/train_classifier.py configs/demo.toml --run_dir=runs/a
"""

import sys

from advtext.cli import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
