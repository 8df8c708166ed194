"""Adversarial training of text classifiers on Keras 3."""

import gc

__version__ = "0.1.0"

# What is imported stays: to look for garbage in it takes a second.
_collects = gc.isenabled()
gc.disable()
try:
    from advtext import attacks as attacks
    from advtext import data as data
    from advtext import evaluation as evaluation
    from advtext import layers as layers
    from advtext import losses as losses
    from advtext import models as models
    from advtext import training as training
    from advtext.models.perturb_at import perturb_at as perturb_at
finally:
    if _collects:
        gc.enable()
