"""The images of a configuration: which are trained on, which tested on."""

from advtext.data import Images, Whitening, load_images
from advtext.quoting import printable


def load(config):
    """Returns the images to train on and to test on.

    Args:
        config: `ImageConfig`.

    Returns:
        Dict from `"train"` and `"test"` to `Images`.

    Raises:
        FileNotFoundError: If there are no images, or none to test on.
        ValueError: If they are damaged, or too few.
    """
    images = load_images(config.data_dir, config.tfds_name)
    if config.validate:
        train, held_out = set_aside(images["train"], config.num_validation)
        images = {"train": train, "test": held_out}
    elif "test" not in images:
        raise FileNotFoundError(
            f"{printable(config.data_dir or config.tfds_name)} has no test "
            "images. Set `validate` to test on training images that are set "
            "aside."
        )
    images = {
        "train": _first(images["train"], config.num_train),
        "test": _first(images["test"], config.num_test),
    }
    if not config.whitening:
        return images
    whitening = Whitening().fit(images["train"].images)
    return {
        split: Images(whitening(part.images), part.labels)
        for split, part in images.items()
    }


def set_aside(images, number):
    """Sets the last `number` images aside."""
    if number >= len(images):
        raise ValueError(
            f"`num_validation`={number} leaves nothing to train on: there are "
            f"{len(images)} training images."
        )
    rest = len(images) - number
    parts = slice(None, rest), slice(rest, None)
    return [Images(images.images[p], images.labels[p]) for p in parts]


def _first(images, number):
    if not number:
        return images
    return Images(images.images[:number], images.labels[:number])
