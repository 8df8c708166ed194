"""Terms: what is added to the compiled loss."""

from advtext.training.terms.adversarial import (
    AdversarialLoss as AdversarialLoss,
)
from advtext.training.terms.consistency import (
    ConsistencyLoss as ConsistencyLoss,
)
from advtext.training.terms.entropy import EntropyLoss as EntropyLoss
from advtext.training.terms.smoothness import SmoothnessLoss as SmoothnessLoss
from advtext.training.terms.term import Term as Term
from advtext.training.terms.virtual_adversarial import (
    VirtualAdversarialLoss as VirtualAdversarialLoss,
)
