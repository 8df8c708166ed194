"""The command line of `scripts/fool_imagenet.py`."""

import argparse
import math

from advtext import signals, streams
from advtext.config import FlagParser
from advtext.experiments import fool_imagenet
from advtext.failures import outcome
from advtext.quoting import quoted

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
        with signals.raising():
            fool_imagenet.run(**given)
        print(end="", flush=True)
    except (Exception, KeyboardInterrupt) as error:
        status, line = outcome(error)
        if line:
            streams.tell(f"fool_imagenet: {line}")
        streams.drop_output()
        return status
    return 0


def _parser():
    parser = FlagParser(
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
        # `Fraction` would write all digits of 1e999999999 out.
        above, slash, below = text.partition("/")
        number = float(above) / float(below or not slash)
        if not math.isfinite(number):
            raise ValueError
        return number
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f"{quoted(text)} is no number such as 0.008 or 2/255"
        ) from error
