"""Attacks: small perturbations of a classifier's (embedded) input."""

from advtext.attacks.attack import Attack as Attack
from advtext.attacks.fast_gradient import FastGradient as FastGradient
from advtext.attacks.random_noise import RandomNoise as RandomNoise
from advtext.attacks.virtual_adversarial import (
    VirtualAdversarial as VirtualAdversarial,
)
