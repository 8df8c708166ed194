"""Terms, the training model and its callbacks."""

from case import Accepted, Case

_TERMS = ("AdversarialLoss(fast, ", "SmoothnessLoss(attacks.RandomNoise(1.0), ",
          "VirtualAdversarialLoss(1.0, ", "EntropyLoss(",
          "ConsistencyLoss(")  # fmt: skip
_OPTIONS = (
    ("weight=-1", "`weight` must"),
    ("weight=nan", "`weight` must"),
    ("weight='1'", "`weight` must"),
    ("weight=None", "`weight` must"),
    ("weight=[1.0]", "`weight` must"),
    ("start_step=-1", "`start_step` must"),
    ("start_step=1.5", "`start_step` must"),
    ("start_step=None", "`start_step` must"),
    ("name=5", "`name`"),
)
# The classifier is wrapped, compiled and fitted.
_MODEL = (
    "(lambda m: m.compile('sgd', {loss}) or m.fit({data}, verbose=0))("
    "training.AdversarialTraining(models.SequentialClassifier("
    "[keras.layers.Dense({units})]), [{terms}]))"
)
_SPARSE = "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"
_BINARY = "keras.losses.BinaryCrossentropy(from_logits=True)"
_TERM = "training.AdversarialLoss(fast)"


def _fit(loss=_SPARSE, data="x, y", units="3", terms=_TERM):
    return _MODEL.format(loss=loss, data=data, units=units, terms=terms)


_FINITE = "all(np.isfinite(v[0]) for v in value.history.values())"
_FITS = (
    ("probabilities wanted", _fit("'sparse_categorical_crossentropy'"),
     "from_logits|probabilities"),
    ("no loss", _fit("None"), "loss"),
    ("no loss and no term", _fit("None", terms=""), "loss"),
    ("an unknown loss", _fit("'crossentropi'"), "crossentropi|loss"),
    ("labels of text", _fit(data="x, np.array(list('abcab'))"), "label|dtype"),
    ("labels that are too few", _fit(data="x, y[:3]"), "length|size|samples"),
    ("no labels", _fit(data="x"), "`?y`?|label"),
    ("labels -1 and +1", _fit(_BINARY, "x, np.array([-1, 1, -1, 1, -1])", "1"),
     "-1"),
    ("inputs of text", _fit(data="np.array([['a'] * 4] * 5), y"), "dtype|`x`"),
    ("two terms of a name", _fit(terms=f"{_TERM}, {_TERM}"), "different names"),
    ("a term named loss", _fit(terms="training.EntropyLoss(name='loss')"),
     "'loss'"),
    ("an attack for a term", _fit(terms="fast"), "terms"),
    ("a number for a term", _fit(terms="5"), "terms"),
    ("a text for a term", _fit(terms="'adversarial'"), "terms"),
)  # fmt: skip
_WRONG = (
    ("training.AdversarialLoss(None)", "`attack` must"),
    ("training.AdversarialLoss('fast')", "`attack` must"),
    ("training.AdversarialLoss(attacks.VirtualAdversarial(1.0))",
     "VirtualAdversarialLoss"),
    ("training.AdversarialLoss(attacks.FastGradient(1., targeted=True))",
     "targeted"),
    ("training.AdversarialLoss(attacks.FastGradient(1., loss=len))", "`loss`"),
    ("training.AdversarialLoss(fast, accumulate_gradients=True)", "accumulat"),
    ("training.AdversarialLoss(attacks.ProjectedGradientDescent(1.0, "
     "random_start=True, num_restarts=2))", "num_restarts"),
    ("training.AdversarialLoss(attacks.ExpectationOverTransformation("
     "attacks.ProjectedGradientDescent(1.0, random_start=True, "
     "num_restarts=2), lambda x: x, 2))", "num_restarts|estart"),
    ("training.SmoothnessLoss(fast)", "random_start"),
    ("training.SmoothnessLoss(None)", "`attack` must"),
    ("training.VirtualAdversarialLoss(epsilon=-1)", "`epsilon` must"),
    ("training.VirtualAdversarialLoss(epsilon=nan)", "`epsilon` must"),
    ("training.VirtualAdversarialLoss(xi=0)", "`xi` must"),
    ("training.VirtualAdversarialLoss(num_power_iterations=-1)",
     "`num_power_iterations` must"),
    ("training.VirtualAdversarialLoss(seed='a')", "`?seed"),
    ("training.AdversarialTraining(None)", "`classifier` must"),
    ("training.AdversarialTraining('net')", "`classifier` must"),
    ("training.AdversarialTraining(net)", "perturb_at"),
    ("training.AdversarialTraining(net, terms=5)", "`classifier`|`terms`"),
    ("training.AdversarialTraining(models.softmax_regression(), 5)",
     "`terms` must"),
    ("training.AdversarialTraining(models.softmax_regression(), "
     "training.EntropyLoss())", "`terms` must"),
    ("training.AdversarialTraining(models.SequentialClassifier("
     "[keras.layers.Dense(3, activation='softmax')]))", "softmax"),
    ("training.WeightAverage(-0.1)", "`decay` must"),
    ("training.WeightAverage(1.0)", "`decay` must"),
    ("training.WeightAverage(nan)", "`decay` must"),
    ("training.WeightAverage('0.9')", "`decay` must"),
    ("training.WeightAverage(None)", "`decay` must"),
    ("training.TimeLimit(-1)", "`minutes` must"),
    ("training.TimeLimit(nan)", "`minutes` must"),
    ("training.TimeLimit('5')", "`minutes` must"),
    ("training.TimeLimit(inf)", "`minutes` must"),
    ("training.Progress('a', -1, 10)", "`num_steps` must"),
    ("training.Progress('a', nan, 10)", "`num_steps` must"),
    ("training.Progress('a', 'b', 10)", "`num_steps` must"),
    ("training.Progress('a', 10, -1)", "`tokens_per_batch` must"),
    ("training.AdversarialValidation(None, x, y)", "attack"),
    ("training.AdversarialValidation(fast, x, y[:3])", "`y` must"),
    ("training.AdversarialValidation(fast, x, y, batch_size=0)",
     "`batch_size` must"),
    ("training.AdversarialValidation(fast, x, y, batch_size='a')",
     "`batch_size` must"),
    ("training.AdversarialValidation(fast, x[:0], y[:0])", "`y` must"),
    ("training.AdversarialValidation(fast, x, y - 5)", "`y`"),
    ("training.AdversarialValidation(attacks.FastGradient(1., targeted=True),"
     " x, y)", "targeted"),
    ("training.Checkpoint(5, None)", "`path`"),
    ("training.Checkpoint(here / 'nowhere.npz', None).restore(net)",
     "nowhere.npz|optimizer|compile"),
)  # fmt: skip
_TAKEN = (
    ("weight 0", _fit(terms="training.AdversarialLoss(fast, weight=0)"),
     _FINITE),
    ("one-hot labels", _fit(
        "keras.losses.CategoricalCrossentropy(from_logits=True)",
        "x, np.eye(3)[y]"), _FINITE),
    ("rows without a label", _fit(data="x, np.array([0, -1, 2, -1, 1])"),
     _FINITE),
    ("a label NaN", _fit(_BINARY, "x, np.array([1, nan, 0, 1, 0])", "1"),
     _FINITE),
    ("no row with a label", _fit(data="x, y * 0 - 1"), _FINITE),
    ("one row", _fit(data="x[:1], y[:1]"), _FINITE),
    ("no terms", _fit(terms=""), _FINITE),
    ("zero input", _fit(data="x * 0, y"), _FINITE),
)  # fmt: skip


def cases():
    for term in _TERMS:
        for option, right in _OPTIONS:
            call = f"training.{term}{option})"
            yield Case("training", call, call, right)
    for name, call, right in _FITS:
        yield Case("training", f"fit: {name}", call, right, seconds=60)
    for call, right in _WRONG:
        yield Case("training", call, call, right)
    for name, call, check in _TAKEN:
        title = f"fit: {name}"
        yield Case("training", title, call, Accepted(check), seconds=60)
