"""What classifiers do under attack, as small tables; a plot next to each.

A table is a list of rows, flat dicts: percentages from 0 to 100, `None` where
there is nothing to average. `markdown` prints it. Every `plot_...` needs
matplotlib (`pip install 'advtext[plots]'`) and writes a PNG.

Where models are compared they come as a dict from name to model.
`probabilities` says how logits become probabilities of classes: `"softmax"`, or
`"sigmoid"` where every class has a unit of its own; for several models either
one for all, or a dict from name to one of them (softmax where a name is left
out). A single logit stands for two classes, whichever is said.
"""

from advtext.evaluation.agreement import agreement as agreement
from advtext.evaluation.agreement import plot_agreement as plot_agreement
from advtext.evaluation.ensemble import Ensemble as Ensemble
from advtext.evaluation.ensemble import ensemble as ensemble
from advtext.evaluation.ensemble import plot_ensemble as plot_ensemble
from advtext.evaluation.epsilon_trace import epsilon_trace as epsilon_trace
from advtext.evaluation.epsilon_trace import (
    plot_epsilon_trace as plot_epsilon_trace,
)
from advtext.evaluation.filters import plot_filters as plot_filters
from advtext.evaluation.fooling import fooling as fooling
from advtext.evaluation.fooling import plot_fooling as plot_fooling
from advtext.evaluation.predict_documents import (
    predict_documents as predict_documents,
)
from advtext.evaluation.predictions import predict as predict
from advtext.evaluation.predictions import predict_logits as predict_logits
from advtext.evaluation.robustness import plot_robustness as plot_robustness
from advtext.evaluation.robustness import robustness as robustness
from advtext.evaluation.rubbish import plot_images as plot_images
from advtext.evaluation.rubbish import plot_rubbish as plot_rubbish
from advtext.evaluation.rubbish import rubbish as rubbish
from advtext.evaluation.scores import score as score
from advtext.evaluation.table import markdown as markdown
from advtext.evaluation.transfer import plot_transfer as plot_transfer
from advtext.evaluation.transfer import transfer as transfer
