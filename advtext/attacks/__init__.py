"""Attacks: small perturbations of a classifier's (embedded) input."""

from advtext.attacks.attack import Attack as Attack
from advtext.attacks.expectation_over_transformation import (
    ExpectationOverTransformation as ExpectationOverTransformation,
)
from advtext.attacks.fast_gradient import FastGradient as FastGradient
from advtext.attacks.gradient_rotation import (
    GradientRotation as GradientRotation,
)
from advtext.attacks.projected_gradient_descent import (
    ProjectedGradientDescent as ProjectedGradientDescent,
)
from advtext.attacks.random_noise import RandomNoise as RandomNoise
from advtext.attacks.random_start_fast_gradient import (
    RandomStartFastGradient as RandomStartFastGradient,
)
from advtext.attacks.virtual_adversarial import (
    VirtualAdversarial as VirtualAdversarial,
)
