import keras
import numpy as np
from keras import ops

from advtext.backend import at_least_float32
from advtext.evaluation.arguments import (
    check_attack,
    check_known,
    check_members,
    check_models,
    check_probabilities,
    check_rows,
)
from advtext.evaluation.figure import (
    entitle,
    grouped_bars,
    legend_below,
    new_figure,
    save,
)
from advtext.evaluation.transfer import transfer

WHOLE = "ensemble"


@keras.saving.register_keras_serializable("advtext")
class Ensemble(keras.Model):
    """Several classifiers as one: the mean of their probabilities.

    It gives the logits of these means, so it is attacked like any other model.

    Args:
        models: List of Keras models that give logits of the same classes.
        probabilities: How the members' logits, and the ensemble's, become
            probabilities: `"softmax"` or `"sigmoid"`. A single logit stands for
            two classes, whichever is said.

    Call arguments:
        inputs: As the members take it.

    Output shape:
        That of a member: `(batch, num_classes)` or `(batch, 1)`.

    Raises:
        TypeError: If a member is no Keras model.
        ValueError: If there are no members, or one gives probabilities.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from advtext.evaluation import Ensemble
    >>> members = []
    >>> for weight in (np.log(3.0), -np.log(4.0)):
    ...     layers = [keras.Input((1,)), keras.layers.Dense(1)]
    ...     member = keras.Sequential(layers)
    ...     member.set_weights([np.array([[weight]]), np.zeros(1)])
    ...     members.append(member)
    >>> logits = Ensemble(members)(np.ones((1, 1), "float32"))
    >>> round(float(keras.ops.sigmoid(logits)[0, 0]), 4)  # (0.75 + 0.2) / 2
    0.475

    Reference:
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572), section 9
    """

    def __init__(self, models, probabilities="softmax", **kwargs):
        super().__init__(**kwargs)
        models = check_members(models)
        check_probabilities(probabilities)
        self.models = models
        self.probabilities = probabilities
        # Members cast what they take themselves.
        self.autocast = False

    def build(self, input_shape):
        for model in self.models:
            if not model.built:
                model.build(input_shape)

    def call(self, inputs, training=False):
        logits = ops.stack(
            [
                at_least_float32(m(inputs, training=training))
                for m in self.models
            ]
        )
        if self.probabilities == "sigmoid" or logits.shape[-1] == 1:
            # log(p / (1 - p)), of the sums: their number cancels out.
            return ops.logsumexp(ops.log_sigmoid(logits), 0) - ops.logsumexp(
                ops.log_sigmoid(-logits), 0
            )
        total = ops.logsumexp(ops.log_softmax(logits), axis=0)
        return total - float(np.log(len(self.models)))

    def get_config(self):
        return {
            **super().get_config(),
            "models": [
                keras.saving.serialize_keras_object(m) for m in self.models
            ],
            "probabilities": self.probabilities,
        }

    @classmethod
    def from_config(cls, config):
        models = map(keras.saving.deserialize_keras_object, config["models"])
        return cls(**{**config, "models": models})


def ensemble(
    models,
    attack,
    x,
    y,
    probabilities="softmax",
    batch_size=500,
    members=None,
):
    """Measures whether an ensemble resists what its members do not.

    Args:
        models: Dict from name to Keras model, the members.
        attack: `Attack`, with its own epsilon.
        x: Clean float array `(number, ...)`.
        y: Labels, `(number,)` integers or one-hot.
        probabilities: As of `Ensemble`.
        batch_size: Inputs at a time.
        members: Names of the members to attack; the first by default.

    Returns:
        A row for every source and target, as of `transfer`. Sources: `"clean"`,
        `"ensemble"` (attacked as a whole), each of `members` (attacked through
        it alone). Targets: `"ensemble"`, and each of `members`.

    Raises:
        TypeError: If `models` is no dict of Keras models.
        ValueError: If an argument is wrong, or a model gives probabilities.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from advtext.attacks import FastGradient
    >>> from advtext.evaluation import ensemble
    >>> models = {}
    >>> for name, weights in {"a": (1.0, 0.0), "b": (0.0, 1.0)}.items():
    ...     models[name] = keras.Sequential(
    ...         [keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    ...     models[name].set_weights([np.array(weights)[:, None]])
    >>> x, y = np.array([[1.0, 1.0], [-1.0, -1.0]], "float32"), [1, 0]
    >>> rows = ensemble(models, FastGradient(1.5, norm="linf"), x, y)
    >>> [(row["source"], row["target"], row["error"]) for row in rows[2:]]
    ... # doctest: +NORMALIZE_WHITESPACE
    [('ensemble', 'ensemble', 100.0), ('ensemble', 'a', 100.0),
     ('a', 'ensemble', 0.0), ('a', 'a', 100.0)]

    Reference:
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572), section 9
    """
    check_models(models)
    check_probabilities(probabilities)
    check_attack(attack)
    if WHOLE in models:
        raise ValueError(f"No member may be named {WHOLE!r}.")
    members = [next(iter(models))] if members is None else list(members)
    check_known("members", members, models)
    whole = Ensemble(models.values(), probabilities)
    attacked = {WHOLE: whole, **{name: models[name] for name in members}}
    return transfer(attacked, attack, x, y, probabilities, batch_size)


def plot_ensemble(rows, path):
    """Draws the errors as bars: a group for each attack, a colour each model.

    Args:
        rows: What `ensemble` returned.
        path: The PNG to write.
    """
    check_rows(rows, ("source", "target", "error"), "ensemble")
    bars = {}
    for row in rows:
        bars.setdefault(row["target"], []).append(row["error"])
    sources = list(dict.fromkeys(row["source"] for row in rows))
    group = max(1.4, 0.45 * len(bars))
    figure = new_figure(1.6 + group * len(sources), 3.8)
    axes = figure.add_subplot()
    grouped_bars(axes, bars, sources, letters=int(10 * group))
    axes.set(xlabel="examples made on", ylabel="error in %", ylim=(0, 108))
    legend_below(figure, bars)
    entitle(figure, "errors on examples made on each other's members")
    save(figure, path)
