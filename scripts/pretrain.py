"""Pretrains a language model: the same as `advtext pretrain`.

python scripts/pretrain.py configs/demo.toml --run_dir=runs/a
"""

import sys

from advtext.cli import main

if __name__ == "__main__":
    sys.exit(main(["pretrain", *sys.argv[1:]]))
