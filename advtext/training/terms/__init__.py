"""Terms: what is added to the compiled loss."""

from advtext.training.terms.adversarial import (
    AdversarialLoss as AdversarialLoss,
)
from advtext.training.terms.term import Term as Term
from advtext.training.terms.virtual_adversarial import (
    VirtualAdversarialLoss as VirtualAdversarialLoss,
)
