"""The command line of `scripts/fool_imagenet.py`."""

import argparse
import os
import sys
from fractions import Fraction

from advtext.config import FlagParser, error_line
from advtext.experiments import fool_imagenet

_FLAGS = {
    "image": (str, "PATH", "a photo, PNG or JPEG (required)"),
    "weights": (str, "PATH", "of the model; by default Keras downloads them"),
    "class_index": (
        str,
        "PATH",
        "names of the classes; by default imagenet_class_index.json beside "
        "the weights or the photo, or else downloaded",
    ),
    "model": (str, "NAME", "of keras.applications; default MobileNetV2"),
    "target": (str, "CLASS", "to lead to; default airliner"),
    "label": (str, "CLASS", "of the photo; by default what the model sees"),
    "epsilon": (None, "E", "change of a pixel in [0, 1]; default 2/255"),
    "num_steps": (int, "N", "steps away from the label; default 30"),
    "target_steps": (int, "N", "steps towards the target; default 100"),
    "step_size": (None, "S", "change in a step; default epsilon / 4"),
    "input_size": (int, "PIXELS", "height and width; by default the model's"),
    "run_dir": (str, "DIR", "for the outputs; default runs/fool_imagenet"),
}


def main(arguments=None):
    """Runs the walk-through and returns the exit status.

    A wrong input ends with one line on standard error and the status 2.

    Args:
        arguments: List of strings; the command line by default.
    """
    given = vars(_parser().parse_args(arguments))
    try:
        fool_imagenet.run(**given)
    except BrokenPipeError:
        # The reader, such as `head`, has enough; Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (ValueError, OSError, ImportError) as error:
        print(f"fool_imagenet: error: {error_line(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("fool_imagenet: interrupted.", file=sys.stderr)
        return 130
    return 0


class _Parser(FlagParser):
    """Names the nearest of its own flags."""

    def flags(self, arguments):
        return _FLAGS


def _parser():
    parser = _Parser(
        prog="fool_imagenet",
        description="Fools a network of ImageNet with one photo.",
    )
    for name, (kind, metavar, help) in _FLAGS.items():
        parser.add_argument(
            f"--{name}",
            type=kind or _number,
            metavar=metavar,
            help=help,
            required=name == "image",
            default=argparse.SUPPRESS,
        )
    return parser


def _number(text):
    """Reads `0.008` as well as `2/255`."""
    try:
        return float(Fraction(text))
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number such as 0.008 or 2/255"
        ) from error
