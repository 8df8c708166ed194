"""One photo from a file, as a network takes it."""

import json
import shlex
import warnings

import numpy as np

from advtext.arguments import check_path
from advtext.failures import DAMAGE
from advtext.quoting import printable, quoted

# What Pillow calls pixels of 8 bits without an alpha channel.
# What Pillow may take a file for, whatever its name: others it hands to other
# programs (EPS to Ghostscript), or reads in ways that few have looked at.
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
_READ = {"1", "L", "P", "RGB", "CMYK", "YCbCr"}


def load_image_file(path, size):
    """Reads a photo, cut and resized to what a network takes.

    The largest part of the wanted shape is cut out of the middle, so that
    nothing is stretched, and resized (bilinear). A photo that its camera
    marked as turned is turned back; grey gives three equal channels; of an
    animation the first picture is taken.

    Needs Pillow (`pip install 'advtext[plots]'`).

    Args:
        path: A PNG, a JPEG, or a GIF, BMP, TIFF, WebP or PPM.
        size: Pixels of height and width, `(height, width)` or one integer.

    Returns:
        float32 array `(height, width, 3)` in [0, 1]; red, green, blue.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If Pillow is not installed.
        ValueError: If the file is no image, is truncated, or has an alpha
            channel or more than 8 bits a channel.

    Example:

    >>> import tempfile
    >>> from PIL import Image
    >>> from advtext.data import image_file
    >>> path = tempfile.mkdtemp() + "/blue.png"
    >>> Image.new("RGB", (30, 20), (0, 0, 255)).save(path)
    >>> image = image_file.load_image_file(path, 8)
    >>> image.shape, image[0, 0].tolist()
    ((8, 8, 3), [0.0, 0.0, 1.0])
    """
    Image, ImageOps = _pillow()
    height, width = _checked_size(size)
    path = check_path("path", path)
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no image file {printable(path)}. Name a PNG or a JPEG."
        )
    image, mode, has_alpha = _opened(path, Image, ImageOps)
    if has_alpha:
        raise ValueError(
            f"{printable(path)} has an alpha channel, which the network does "
            "not take. Save it without transparency, for example: python -c "
            f"{shlex.quote(_without_alpha(path))}"
        )
    if mode not in _READ:
        raise ValueError(
            f"{printable(path)} holds pixels of the kind {mode!r}. Save it as "
            "an RGB image of 8 bits a channel."
        )
    image = ImageOps.fit(
        image.convert("RGB"), (width, height), Image.Resampling.BILINEAR
    )
    return np.asarray(image, "float32") / 255


def _opened(path, Image, ImageOps):
    """Returns the image, turned upright, its mode, and if it has alpha."""
    # Pillow tells of damage by many kinds of errors.
    damage = (*DAMAGE, OSError, Image.DecompressionBombError)
    try:
        with (
            # It warns of some damage before it raises.
            warnings.catch_warnings(action="ignore"),
            open(path, "rb") as file,
            Image.open(file, formats=_FORMATS) as image,
        ):
            mode = image.mode
            alpha = mode.lower().endswith("a") or "transparency" in image.info
            return ImageOps.exif_transpose(image), mode, alpha
    except PermissionError:
        raise
    except damage as error:
        raise ValueError(
            f"{printable(path)} is not an image, or damaged: {_reason(error)}. "
            "Name a whole PNG or JPEG."
        ) from error


def _pillow():
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise ImportError(
            "Image files are read by Pillow, which is not installed: "
            "pip install 'advtext[plots]'."
        ) from error
    return Image, ImageOps


def _without_alpha(path):
    return (
        f"from PIL import Image; Image.open({json.dumps(str(path))})"
        '.convert("RGB").save("without_alpha.png")'
    )


def _checked_size(size):
    pair = (size, size) if np.ndim(size) == 0 else tuple(size)
    if len(pair) != 2 or not all(
        isinstance(n, (int, np.integer)) and n >= 1 and n is not True
        for n in pair
    ):
        raise ValueError(
            "`size` must be pixels, one integer or (height, width). "
            f"Received: size={quoted(size)}."
        )
    return pair


def _reason(error):
    """Returns what Pillow found, without the name of its open file."""
    reason = str(error).split("<")[0].strip() or type(error).__name__
    return reason.rstrip(".")
