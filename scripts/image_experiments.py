"""Runs image experiments: the same as `advtext image`.

python scripts/image_experiments.py configs/mnist_cpu.toml --rows=1,2,4
"""

import sys
from pathlib import Path

# So that a plain clone works too.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from advtext.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(["image", *sys.argv[1:]]))
