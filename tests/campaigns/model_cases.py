"""Models and layers."""

from case import Accepted, Case

_SIZES = ("0", "-1", "1.5", "nan", "'4'", "None", "True")
_TEXT = "models.TextClassifier({0}10, 4, 4{1})"
_CLASSES = {
    "models.TextClassifier(**({{'vocabulary_size': 10, 'embedding_dim': 4, "
    "'units': 4}} | {{{name!r}: {value}}}))": (
        "vocabulary_size", "embedding_dim", "units", "num_classes",
        "hidden_dim",
    ),
    "models.LanguageModel(**({{'vocabulary_size': 10, 'embedding_dim': 4, "
    "'units': 4, 'num_candidates': 3}} | {{{name!r}: {value}}}))": (
        "vocabulary_size", "embedding_dim", "units", "num_candidates",
    ),
    "models.ClassificationRBM(**{{{name!r}: {value}}})": (
        "num_classes", "units",
    ),
    "models.softmax_regression(**{{{name!r}: {value}}})": ("num_classes",),
    "models.maxout_network(**{{{name!r}: {value}}})": (
        "num_classes", "num_pieces",
    ),
    "layers.Maxout(**{{{name!r}: {value}}})": ("num_pieces",),
    "layers.RBF(**{{{name!r}: {value}}})": ("units",),
    "layers.LSTM(**{{{name!r}: {value}}})": ("units",),
    "layers.NormalizedEmbedding(**({{'input_dim': 5, 'output_dim': 4}} | "
    "{{{name!r}: {value}}}))": ("input_dim", "output_dim"),
}  # fmt: skip
_WRONG = (
    ("models.TextClassifier(10, 4, 4, embedding_dropout=1.5)", "dropout"),
    ("models.TextClassifier(10, 4, 4, embedding_dropout=nan)", "dropout"),
    ("models.TextClassifier(10, 4, 4, embedding_dropout=-0.1)", "dropout"),
    ("models.TextClassifier(10, 4, 4, pooling='sum')", "`pooling` must"),
    ("models.TextClassifier(10, 4, 4, pooling=None)", "`pooling` must"),
    ("models.TextClassifier(10, 4, 4, pooling=['last'])", "`pooling` must"),
    ("models.TextClassifier(10, 4, 4, recurrent_initializer='orthgonal')",
     "orthgonal|initializer"),
    ("models.TextClassifier(10, 4, 4, dtype='float23')", "float23|dtype"),
    ("models.TextClassifier(10, 4, 4)(ids + 10)", "ids?|vocabulary"),
    ("models.TextClassifier(10, 4, 4)(-ids)", "ids?|negative"),
    ("models.TextClassifier(10, 4, 4)(ids[0])", "shape|\\(batch, time\\)"),
    ("models.TextClassifier(10, 4, 4)(ids[:, :0])", "shape|time|step"),
    # Told by Keras of every layer.
    ("models.TextClassifier(10, 4, 4)('text')", "Only input tensors"),
    ("models.TextClassifier(10, 4, 4)(ids * nan)", "ids?|integer"),
    ("models.TextClassifier(10, 4, 4).load_language_model(None)",
     "language_model|LanguageModel"),
    ("models.TextClassifier(10, 4, 4).load_language_model(net)",
     "language_model|LanguageModel"),
    ("models.TextClassifier(10, 4, 4).load_language_model("
     "models.LanguageModel(10, 4, 5, 3))", "units"),
    ("models.TextClassifier(10, 4, 4).embedding.adapt([1, 2])", "counts"),
    ("models.LanguageModel(10, 4, 4, num_candidates=nan)", "`num_candidates`"),
    ("models.SequentialClassifier([])", "num_embedding_layers|layer"),
    ("models.SequentialClassifier(None)", "`layers`"),
    ("models.SequentialClassifier(5)", "`layers`"),
    ("models.SequentialClassifier(['dense'])", "`layers`|layer"),
    ("models.SequentialClassifier([keras.layers.Dense(3)], 1)",
     "`num_embedding_layers` must"),
    ("models.SequentialClassifier([keras.layers.Dense(3)], -1)",
     "`num_embedding_layers` must"),
    ("models.SequentialClassifier([keras.layers.Dense(3)], 0.5)",
     "`num_embedding_layers` must"),
    ("models.maxout_network(units=5)", "`units`"),
    ("models.maxout_network(units=())", "`units`"),
    ("models.maxout_network(units=(0,))", "`?units"),
    ("models.maxout_network(dropout=2)", "dropout"),
    ("models.maxout_network(num_embedding_layers=9)", "`num_embedding_layers`"),
    ("models.convolutional_maxout_network(filters=(8, 0, 8))", "`?filters"),
    ("models.rbf_network(0)", "`num_classes`"),
    ("models.ClassificationRBM(generative_weight=nan)", "`generative_weight`"),
    ("models.ClassificationRBM(generative_weight=-1)", "`generative_weight`"),
    ("models.imagenet_classifier('NoNet', None)", "NoNet"),
    ("models.imagenet_classifier(5, None)", "5|model"),
    ("models.imagenet_classifier('MobileNet', None, 0)", "`input_size` must"),
    ("models.imagenet_classifier('MobileNet', None, 'a')", "`input_size` mus"),
    ("models.imagenet_classifier('MobileNet', here / 'no.h5')", "no.h5"),
    ("models.imagenet_classifier('MobileNet', None, nonsense=1)", "nonsense"),
    ("advtext.perturb_at(None)", "`model` must"),
    ("advtext.perturb_at(lambda x: x)", "`model` must"),
    ("advtext.perturb_at(keras.Sequential([keras.layers.Dense(2)]))",
     "not built"),
    ("advtext.perturb_at(probs, 0)", "softmax|`layer`"),
    ("advtext.perturb_at(net)", "embedding"),
    ("advtext.perturb_at(net, 'dens')", "dens"),
    ("advtext.perturb_at(net, 5)", "`layer`"),
    ("advtext.perturb_at(net, [])", "list of layers"),
    ("advtext.perturb_at(net, keras.layers.Dense(3))", "layer"),
    ("advtext.perturb_at(reader, None, 3)", "call"),
    ("advtext.perturb_at(reader, None, -1)", "call"),
    ("advtext.perturb_at(reader, None, 'first')", "`?call"),
    ("advtext.perturb_at(reader, mask=5)", "`mask`"),
    ("advtext.perturb_at(keras.Sequential([keras.Input((4,)), keras.layers."
     "Dense(3, activation='softmax'), keras.layers.Activation('linear')]), "
     "keras.layers.Dense(1))", "softmax|probabilities|layer"),
    ("layers.NormalizedEmbedding(5, 4).adapt('abc')", "counts"),
    ("layers.NormalizedEmbedding(5, 4).adapt([1, 2])", "counts"),
    ("layers.NormalizedEmbedding(5, 4).adapt([0, 0, 0, 0, 0])", "counts"),
    ("layers.NormalizedEmbedding(5, 4).adapt([-1, 1, 1, 1, 1])", "counts"),
    ("layers.NormalizedEmbedding(5, 4).adapt([nan, 1, 1, 1, 1])", "counts"),
    ("layers.RBF(3, center_initializer='nonsense')", "nonsense|initializer"),
    ("layers.Maxout(3)(x)", "num_pieces|whole|divi|multiple"),
    ("layers.LSTM(4)(x)", "time|ndim|shape"),
    ("losses.cross_entropy(y, x[:, 0])", "logits|shape"),
    ("losses.cross_entropy(y[:2], x)", "`?y`?|shape"),
    ("losses.kl_divergence_from_logits(x, x[:2])", "shape"),
    ("losses.entropy_from_logits('a')", "logits"),
)  # fmt: skip
_TAKEN = (
    # As any number of layers; as attacked images, that leave [0, 1]; as the
    # ids of a `Sequential` model, which are floats, and are rounded off.
    ("models.convolutional_maxout_network(filters=(8,))(pictures)",
     "value.shape == (5, 10)"),
    ("models.ClassificationRBM()(x * 9)", "bool(np.isfinite(value).all())"),
    ("models.TextClassifier(10, 4, 4)(ids * 0.5)", "value.shape == (2, 1)"),
    ("models.LanguageModel(10, 4, 4, num_candidates=0)", "value.built"),
    ("models.TextClassifier(10, 4, 4)(ids)", "value.shape == (2, 1)"),
    ("models.TextClassifier(10, 4, 4)(ids * 0)",
     "bool(np.isfinite(value).all())"),
    ("(lambda c: c(np.array([[0, 0, 5, 7]])) - c(np.array([[5, 7, 0, 0]])))("
     "models.TextClassifier(10, 4, 4, normalize_embedding=False))",
     "abs(float(value[0, 0])) < 1e-6"),
    ("(lambda c: c(np.array([[5, 0, 0, 7]])) - c(np.array([[5, 7, 0, 0]])))("
     "models.TextClassifier(10, 4, 4, normalize_embedding=False))",
     "abs(float(value[0, 0])) < 1e-6"),
    ("models.TextClassifier(np.int64(10), 4, 4).count_params()", "value > 0"),
    ("advtext.perturb_at(reader)(ids)", "value.shape == (2, 1)"),
    ("models.SequentialClassifier([keras.Input((4,)), keras.layers.Dense(3)"
     "])(x)", "value.shape == (5, 3)"),
)  # fmt: skip


def cases():
    for template, names in _CLASSES.items():
        for number, name in enumerate(names):
            # Every size has five of the wrong values, every value its turn.
            for value in (_SIZES[number:] + _SIZES[:number])[:5]:
                if (name, value) == ("num_candidates", "0"):
                    # The exact softmax.
                    continue
                call = template.format(name=name, value=value)
                title = f"{template.split('(')[0]}({name}={value})"
                yield Case("model", title, call, f"`{name}`")
    for call, right in _WRONG:
        yield Case("model", call, call, right)
    for call, check in _TAKEN:
        yield Case("model", call, call, Accepted(check))
