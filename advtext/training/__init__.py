"""Training with perturbations."""

from advtext.training.adversarial_training import (
    AdversarialTraining as AdversarialTraining,
)
from advtext.training.adversarial_validation import (
    AdversarialValidation as AdversarialValidation,
)
from advtext.training.checkpoint import Checkpoint as Checkpoint
from advtext.training.decay import Decay as Decay
from advtext.training.progress import Progress as Progress
from advtext.training.terms import AdversarialLoss as AdversarialLoss
from advtext.training.terms import ConsistencyLoss as ConsistencyLoss
from advtext.training.terms import EntropyLoss as EntropyLoss
from advtext.training.terms import SmoothnessLoss as SmoothnessLoss
from advtext.training.terms import Term as Term
from advtext.training.terms import (
    VirtualAdversarialLoss as VirtualAdversarialLoss,
)
from advtext.training.time_limit import TimeLimit as TimeLimit
from advtext.training.weight_average import WeightAverage as WeightAverage
