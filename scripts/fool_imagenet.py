"""Fools a network of ImageNet with one photo, and draws how.

python scripts/fool_imagenet.py --image pig.png --weights weights.h5 \
    --model MobileNetV2 --target airliner --epsilon 2/255 --run_dir runs/pig
"""

import sys
from pathlib import Path

# So that a plain clone works too.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from advtext.experiments.fool_imagenet_flags import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
