"""Keras models that runs saved, and what is said of files that are none."""

import zipfile

import keras

from advtext.quoting import printable


def load(path, advice):
    """Returns the uncompiled Keras model in a file.

    Args:
        path: The file; it is there.
        advice: What to do else about a damaged file, without a full stop.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is damaged, or holds no model that Keras loads.
    """
    _check_whole(path, advice)
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as error:
        # Whatever Keras, or a class of its registry, makes of the content.
        raise ValueError(
            f"{printable(path)} is whole, but Keras does not load it: "
            f"{_shortened(error)} It was not written by this version of "
            "advtext and Keras. Put the file that the run wrote back, or train "
            "anew with --overwrite."
        ) from error


def _check_whole(path, advice):
    # Keras would say of a truncated file that there is none.
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
            broken = archive.testzip()
    except PermissionError as error:
        raise PermissionError(
            error.errno, f"Cannot read {printable(path)}: {error.strerror}"
        ) from error
    # Flipped bits of the headers may ask for ciphers and the like.
    except Exception as error:
        if isinstance(error, OSError) and error.errno:
            raise OSError(
                error.errno, f"Cannot read {printable(path)}: {error.strerror}"
            ) from error
        raise ValueError(
            f"{printable(path)} is truncated or damaged ({_shortened(error)}) "
            f"Put the right one back, or {advice}."
        ) from error
    if broken:
        raise ValueError(
            f"{printable(path)} is truncated or damaged (in {broken[:100]}). "
            f"Put the right one back, or {advice}."
        )


def _shortened(error):
    text = " ".join(str(error).split())
    if len(text) > 200:
        text = f"{text[:200]}..."
    return text if text.endswith((".", "?", "!")) else f"{text}."
