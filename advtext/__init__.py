"""Adversarial training of text classifiers on Keras 3."""

import contextlib
import gc
import os
import sys

from advtext import signals as _signals
from advtext import streams as _streams

__version__ = "0.1.0"

_hushed = contextlib.nullcontext
_is_command = _signals.is_command()
if _is_command:
    # All that follows takes seconds, and TensorFlow tells much meanwhile.
    _streams.open_closed()
    _signals.begin()
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3") != "0":
        _hushed = _streams.hushed

# What is imported stays: to look for garbage in it takes a second.
_collects = gc.isenabled()
gc.disable()
try:
    with _hushed():
        from advtext import attacks as attacks
        from advtext import data as data
        from advtext import evaluation as evaluation
        from advtext import layers as layers
        from advtext import losses as losses
        from advtext import models as models
        from advtext import training as training
        from advtext.models.perturb_at import perturb_at as perturb_at
except (ImportError, ValueError) as error:
    # No backend, or one that it does not run on.
    if not _is_command:
        raise
    _streams.tell(f"advtext: error: {_streams.advised(error)}")
    sys.exit(2)
finally:
    if _collects:
        gc.enable()
