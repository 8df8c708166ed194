"""Every public class and function checks what it is given, in one wording."""

import keras
import numpy as np
import pytest
from keras import ops

from advtext import (
    arguments,
    attacks,
    config,
    data,
    evaluation,
    layers,
    losses,
    models,
    training,
)  # fmt: skip

NAN, INF, HUGE = float("nan"), float("inf"), 10**400
X = np.random.default_rng(0).random((5, 4), "float32")
Y = np.array([0, 1, 2, 0, 1])
WEIGHTS = np.random.default_rng(1).normal(size=(4, 3)).astype("float32")
FAST = attacks.FastGradient(0.1)
TARGETED = attacks.FastGradient(0.1, targeted=True)
CORPUS = data.Corpus(np.arange(1, 9), [0, 3, 5, 8], [0, 1, 0])
TOKENIZER = data.WordTokenizer(["a", "b"], [2, 1])
PICTURES = X.reshape(5, 2, 2, 1)


def net(x):
    return ops.matmul(x, WEIGHTS)


@pytest.mark.parametrize("value", [-1.5, NAN, "4", None, 1j, HUGE * -1, []])
@pytest.mark.parametrize(
    "check", "count counts length positive share truth".split()
)
def test_a_check_names_the_argument_and_what_came(check, value):
    function = getattr(arguments, f"check_{check}")
    with pytest.raises(ValueError, match="^`size` must be .*Received: size="):
        function("size", value)


@pytest.mark.parametrize("value", [-1, NAN, INF, HUGE, -HUGE, "1", None, True])
def test_a_length_is_finite_and_at_least_0(value):
    with pytest.raises(ValueError, match="`epsilon` must be a finite number"):
        attacks.FastGradient(value)


def test_what_is_right_is_returned_as_python_has_it():
    assert type(arguments.check_count("n", np.int64(3))) is int
    assert type(arguments.check_length("n", np.float32(0.5))) is float
    assert arguments.check_counts("n", [2, 3]) == (2, 3)
    assert arguments.check_truth("n", np.True_) is True
    assert arguments.check_seed("n", None) is None
    assert models.ClassificationRBM(np.int64(3), np.int64(4)).units == 4


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda v: models.TextClassifier(v, 4, 4), "vocabulary_size"),
        (lambda v: models.TextClassifier(9, v, 4), "embedding_dim"),
        (lambda v: models.TextClassifier(9, 4, v), "units"),
        (lambda v: models.TextClassifier(9, 4, 4, v), "num_classes"),
        (lambda v: models.TextClassifier(9, 4, 4, 2, v), "hidden_dim"),
        (lambda v: models.LanguageModel(v, 4, 4, 3), "vocabulary_size"),
        (lambda v: models.LanguageModel(9, v, 4, 3), "embedding_dim"),
        (lambda v: models.LanguageModel(9, 4, v, 3), "units"),
        (lambda v: models.LanguageModel(9, 4, 4, v), "num_candidates"),
        (lambda v: models.maxout_network(num_pieces=v), "num_pieces"),
        (lambda v: models.maxout_network(units=[v]), "units"),
        (
            lambda v: models.convolutional_maxout_network(filters=[v]),
            "filters",
        ),
        (models.rbf_network, "num_classes"),
        (models.softmax_regression, "num_classes"),
        (models.ClassificationRBM, "num_classes"),
        (layers.LSTM, "units"),
        (layers.RBF, "units"),
        (layers.Maxout, "num_pieces"),
        (lambda v: layers.NormalizedEmbedding(v, 4), "input_dim"),
    ],
)
@pytest.mark.parametrize("value", [-1, NAN, "4", None, True])
def test_a_size_is_told_under_the_name_that_was_given(build, name, value):
    with pytest.raises(ValueError, match=f"^`{name}` must be an integer of"):
        build(value)


@pytest.mark.parametrize(
    "build",
    [
        lambda v: models.TextClassifier(9, 4, 4, embedding_dropout=v),
        lambda v: models.LanguageModel(9, 4, 4, 3, embedding_dropout=v),
        lambda v: models.maxout_network(dropout=v),
        lambda v: models.convolutional_maxout_network(dropout=v),
        training.WeightAverage,
    ],
)
@pytest.mark.parametrize("value", [1.5, -0.1, NAN, "0.5", None])
def test_a_share_is_told_under_the_name_that_was_given(build, value):
    with pytest.raises(ValueError, match=r"^`(\w*dropout|decay)` must be a "):
        build(value)


WRONG = {
    "a loss by its name": (
        lambda: attacks.FastGradient(1.0, loss="mse"),
        "`loss` must be a function",
    ),
    "a loss that gives nothing": (
        lambda: attacks.FastGradient(1.0, loss=lambda y, z: None)(net, X, Y),
        "`loss` must return",
    ),
    "a start that is a word": (
        lambda: attacks.ProjectedGradientDescent(1.0, random_start="no"),
        "`random_start` must be True or False",
    ),
    "no transformation": (
        lambda: attacks.ExpectationOverTransformation(FAST, None),
        "`transform` must be a function",
    ),
    "a seed that is none": (
        lambda: attacks.FastGradient(1.0, seed="a"),
        "`seed` must be",
    ),
    "no model": (lambda: FAST(None, X, Y), "`model` must be"),
    "no inputs": (lambda: FAST(net, None, Y), "`x` must be an array"),
    "a number": (lambda: FAST(net, 5, Y), "`x` must be an array"),
    "ragged inputs": (lambda: FAST(net, [[1.0], [1.0, 2.0]]), "one length"),
    "ragged labels": (
        lambda: FAST(net, X, [[0], [1, 2], [0], [0], [0]]),
        "`y` must be an array",
    ),
    "inputs that are objects": (
        lambda: FAST(net, X.astype(object), Y),
        "floating-point",
    ),
    "one length of several": (
        lambda: FAST(net, X, Y, epsilons=0.5),
        "`epsilons` must be a list",
    ),
    "a model of nothing": (
        lambda: FAST(lambda x: None, X, Y),
        "give logits of shape .* NoneType",
    ),
    "a model of a list": (
        lambda: FAST(lambda x: [net(x)], X, Y),
        "give logits of shape .* list",
    ),
    "a model of fewer rows": (
        lambda: FAST(lambda x: net(x)[:3], X, Y),
        "a row of logits for each of 5",
    ),
    "a model of NaN": (
        lambda: FAST(lambda x: net(x) * NAN, X, Y),
        "NaN or infinite logits",
    ),
    "a score of fewer rows": (
        lambda: evaluation.predict_logits(lambda x: net(x)[:2], X),
        "a row of logits for each of 5",
    ),
    "a score without labels": (
        lambda: evaluation.score(net, X, None),
        "`x` and `y` must be arrays",
    ),
    "lengths that are a word": (
        lambda: evaluation.robustness(net, {"a": FAST}, X, Y, "abc"),
        "`epsilons` must hold",
    ),
    "an ensemble of a number": (
        lambda: evaluation.Ensemble(5),
        "`models` must be a list",
    ),
    "a validation without attack": (
        lambda: training.AdversarialValidation(None, X, Y),
        "attack",
    ),
    "a targeted validation": (
        lambda: training.AdversarialValidation(TARGETED, X, Y),
        "targeted",
    ),
    "a validation of other labels": (
        lambda: training.AdversarialValidation(FAST, X, Y - 5),
        "`y` must hold classes",
    ),
    "a validation of batches of 0": (
        lambda: training.AdversarialValidation(FAST, X, Y, batch_size=0),
        "`batch_size` must",
    ),
    "progress of no steps": (
        lambda: training.Progress("a", NAN, 10),
        "`num_steps` must",
    ),
    "progress of fewer tokens": (
        lambda: training.Progress("a", 10, -1),
        "`tokens_per_batch` must",
    ),
    "a limit without end": (
        lambda: training.TimeLimit(INF),
        "`minutes` must be a finite",
    ),
    "a term named 5": (
        lambda: training.EntropyLoss(name=5),
        "`name` must be a string",
    ),
    "terms that are a number": (
        lambda: training.AdversarialTraining(models.softmax_regression(), 5),
        "`terms` must be a list",
    ),
    "an uncompiled model": (
        lambda: training.Checkpoint("a.npz", None).restore(
            keras.Sequential([keras.layers.Dense(1)])
        ),
        "compiled model",
    ),
    "no language model": (
        lambda: models.TextClassifier(9, 4, 4).load_language_model(None),
        "`language_model` must be",
    ),
    "token ids of one axis": (
        lambda: models.TextClassifier(9, 4, 4)(np.array([1, 2])),
        r"\(batch, time\)",
    ),
    "layers that are a number": (
        lambda: models.SequentialClassifier(5),
        "`layers` must be a list",
    ),
    "layers by their names": (
        lambda: models.SequentialClassifier(["dense"]),
        "`layers` must be a list",
    ),
    "counts that are a word": (
        lambda: layers.NormalizedEmbedding(3, 4).adapt("abc"),
        "`token_counts` must hold",
    ),
    "fewer labels than logits": (
        lambda: losses.cross_entropy(Y[:2], X),
        "`y` must hold a label for each",
    ),
    "predictions of two shapes": (
        lambda: losses.kl_divergence_from_logits(X, X[:2]),
        "of the same shape",
    ),
    "logits of one axis": (
        lambda: losses.entropy_from_logits(X[0]),
        "`logits` must be of shape",
    ),
    "no offsets": (lambda: data.Corpus([1, 2], []), "`offsets` must be"),
    "falling offsets": (
        lambda: data.Corpus([1, 2], [0, 3, 2]),
        "`offsets` must be integers that do not fall",
    ),
    "ids of floats": (lambda: data.Corpus([1.5], [0, 1]), "`ids` must be"),
    "no ids": (lambda: data.Corpus(None, [0]), "`ids` must be an array"),
    "no corpus": (
        lambda: data.EvaluationBatches(None),
        "`corpus` must be an advtext.data.Corpus",
    ),
    "arrays for a corpus": (
        lambda: data.DocumentBatches(X),
        "`corpus` must be an advtext.data.Corpus",
    ),
    "no boundaries": (
        lambda: data.DocumentBatches(CORPUS, boundaries=[]),
        "`boundaries` must be a list",
    ),
    "falling boundaries": (
        lambda: data.DocumentBatches(CORPUS, boundaries=[3, 2]),
        "`boundaries` must increase",
    ),
    "a list for a dataset": (
        lambda: data.DatasetBatches([X]),
        "`dataset` must be",
    ),
    "no unlabelled inputs": (
        lambda: data.SemiSupervisedBatches((X, Y), None),
        "`unlabelled` must be",
    ),
    "unlabelled inputs of another shape": (
        lambda: data.SemiSupervisedBatches((X, Y), X[:, :2])[0],
        "examples of one shape",
    ),
    "unlabelled batches of 0": (
        lambda: data.SemiSupervisedBatches(
            (X, Y), X, unlabelled_batch_size=0
        ),
        "`unlabelled_batch_size` must",
    ),
    "whitening by infinity": (
        lambda: data.Whitening(INF),
        "`regularization` must be a finite number above 0",
    ),
    "whitening of nothing": (
        lambda: data.Whitening().fit(PICTURES[:0]),
        "`images` must be",
    ),
    "whitening of NaN": (
        lambda: data.Whitening().fit(PICTURES * NAN),
        "`images` must not hold NaN",
    ),
    "no splits": (lambda: data.Source(None), "`splits` must be a list"),
    "a text that is a number": (
        lambda: TOKENIZER.encode(5),
        "`text` must be a string",
    ),
    "an id beyond the last": (
        lambda: TOKENIZER.decode([99]),
        "`ids` must be from 0 to 3",
    ),
    "a negative id": (
        lambda: TOKENIZER.decode([-1]),
        "`ids` must be from 0 to 3",
    ),
    "a configuration that is none": (
        lambda: config.save(5, "a.toml"),
        "`config` must be",
    ),
    "a norm that is an array": (
        lambda: attacks.FastGradient(1.0, norm={"a": PICTURES}),
        "`norm` must be one of",
    ),
    "a seed of thousands of digits": (
        lambda: attacks.ProjectedGradientDescent(1.0, seed=HUGE),
        "`seed` must be an integer",
    ),
    "a truth that is an array": (
        lambda: training.AdversarialLoss(FAST, relative=X),
        "`relative` must be True or False",
    ),
    "progress of NaN": (
        lambda: training.Progress(NAN, 3, 3),
        "`label` must be a string",
    ),
    "a size of hundreds of digits": (
        lambda: models.LanguageModel(HUGE, 4, 4),
        "`vocabulary_size` must be an integer .* below 2",
    ),
    "an input for layers": (
        lambda: models.SequentialClassifier(keras.Input((4,))),
        "`layers` must be a list",
    ),
    "an input for members": (
        lambda: evaluation.Ensemble(keras.Input((4,))),
        "`models` must be a list",
    ),
    "an input for splits": (
        lambda: data.Source(keras.Input((4,))),
        "`splits` must be a list",
    ),
    "a number for pieces": (
        lambda: data.SentencePieceTokenizer(1, [1]),
        "`model` must be the bytes",
    ),
    "nothing prepared": (
        lambda: data.write_prepared([], "out"),
        "`prepared` must be",
    ),
    "pictures for labels": (
        lambda: losses.cross_entropy(PICTURES, X),
        "`y` must hold a label for each",
    ),
    "a text for labels": (
        lambda: losses.as_one_hot("a", 3),
        "`y` must be a tensor of labels",
    ),
    "names that are a number": (
        lambda: data.Source(["train"], NAN),
        "`class_names` must be a list of names",
    ),
    "names in one text": (
        lambda: data.read_documents("a.csv", "ab"),
        "`class_names` must be a list of names",
    ),
    "a trace from rows of two lengths": (
        lambda: evaluation.epsilon_trace(net, [[1], [1, 2]], 0),
        "`x` must be an array",
    ),
    "a title that is none": (
        lambda: evaluation.plot_images(PICTURES, "a.png", title=5),
        "title must be a text",
    ),
    "centres from nowhere": (
        lambda: layers.RBF(2, center_initializer={"a": PICTURES}),
        "`center_initializer` must be a Keras initializer",
    ),
    "precisions from nowhere": (
        lambda: layers.RBF(2, precision_initializer="\x9a"),
        r"`precision_initializer` must be .*='.x9a'",
    ),
    "embeddings from nowhere": (
        lambda: layers.NormalizedEmbedding(3, 2, "nought"),
        "`embeddings_initializer` must be a Keras initializer",
    ),
    "an LSTM from nowhere": (
        lambda: models.LanguageModel(9, 4, 4, 3, recurrent_initializer="x"),
        "`recurrent_initializer` must be a Keras initializer",
    ),
    "logits of two lengths": (
        lambda: losses.entropy_from_logits(
            [[1.0], ops.convert_to_tensor(X)]
        ),
        "`logits` must be a tensor of numbers",
    ),
    "a word in many documents": (
        lambda: data.prepare(data.open_source("demo"), min_documents=X),
        "`min_documents` must be an integer",
    ),
    "case that is no truth": (
        lambda: data.prepare(data.open_source("demo"), lowercase="no"),
        "`lowercase` must be True or False",
    ),
    "logits of no class": (
        lambda: losses.prediction(X[:, :0]),
        r"`logits` must be of shape .*Received: shape .5, 0.",
    ),
    "classes fewer than none": (
        lambda: losses.as_one_hot(Y, -1),
        "`num_classes` must be",
    ),
    "a number for logits": (
        lambda: losses.prediction(0),
        "`logits` must be of shape",
    ),
    "ragged logits": (
        lambda: losses.entropy_from_logits([[1.0], [1.0, 2.0]]),
        "`logits` must be a tensor",
    ),
    "a number for filters": (
        lambda: evaluation.plot_filters(13, [], "a.png"),
        "`image_shape` must be",
    ),
    "rows for images": (
        lambda: evaluation.plot_fooling(None, [()], "a.png"),
        "`images` must be",
    ),
    "rows that are a word": (
        lambda: evaluation.markdown("text"),
        "`rows` must be",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named(name):
    call, message = WRONG[name]
    with pytest.raises((TypeError, ValueError), match=message):
        call()


@pytest.mark.parametrize(
    "read",
    [
        # A number would be an open file of the process.
        data.load_tokenizer,
        data.WordTokenizer.load,
        config.load,
        TOKENIZER.save,
        data.load_images,
        data.load_imagenet_classes,
        data.open_prepared,
        data.read_documents,
        lambda path: data.open_source(data_dir=path),
        lambda path: training.Checkpoint(path, None),
        lambda path: evaluation.plot_images(PICTURES, path),
    ],
)
@pytest.mark.parametrize("path", [5, True, b"a", [1]])
def test_a_path_is_a_string_or_a_path(read, path):
    with pytest.raises(TypeError, match="must be a path"):
        read(path)


@pytest.mark.parametrize(
    "name",
    "agreement ensemble epsilon_trace robustness rubbish transfer".split(),
)
@pytest.mark.parametrize("rows", [[], None, "rows", [5], [{"a": 1}]])
def test_a_plot_takes_the_rows_of_its_function(name, rows, tmp_path):
    plot = getattr(evaluation, f"plot_{name}")
    message = f"`rows` must be the rows that `{name}` returned"
    with pytest.raises((TypeError, ValueError), match=message):
        plot(rows, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_told_by_the_name_that_was_given(tmp_path):
    path = tmp_path / "no" / "a.json"
    with pytest.raises(FileNotFoundError) as error:
        TOKENIZER.save(path)
    assert str(error.value).endswith(f"'{path}'")


def test_ids_beyond_an_embedding_are_told_before_it_reads_them():
    reader = keras.Sequential(
        [
            keras.Input((None,)),
            keras.layers.Embedding(9, 2),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(1),
        ]
    )
    with pytest.raises(ValueError, match="ids must be from 0 to 8.*to 99"):
        evaluation.predict_documents(reader, [[1], [99]])


def test_an_array_is_quoted_in_one_line():
    with pytest.raises(ValueError, match="epsilon=array") as error:
        attacks.FastGradient(X)
    assert "\n" not in str(error.value)


def test_logits_may_be_integers():
    whole = losses.entropy_from_logits(np.array([[1, 2, 3]]))
    expected = losses.entropy_from_logits(
        np.array([[1.0, 2.0, 3.0]], "float32")
    )
    np.testing.assert_allclose(whole, expected, rtol=1e-6)


def test_a_label_is_one_row():
    assert np.array_equal(losses.as_one_hot(2, 3), [[0.0, 0.0, 1.0]])


def test_ids_that_are_nan_are_told():
    classifier = models.TextClassifier(9, 4, 4)
    with pytest.raises(ValueError, match="ids must be from 0 to 8.*nan"):
        classifier(np.array([[1.0, NAN]], "float32"))


def test_a_symbolic_range_is_none():
    with pytest.raises(ValueError, match="`value_range` must be"):
        attacks.FastGradient(1.0, value_range=keras.Input((4,)))


def test_splits_are_strings():
    with pytest.raises(TypeError, match="`splits` must be a list of names"):
        data.Source([ops.ones((2, 2))])


def test_a_type_of_labels_is_one():
    with pytest.raises(ValueError, match="`dtype` must be the name of a type"):
        losses.as_one_hot([1], 3, dtype="\t")


def test_examples_of_no_number_are_not_perturbed():
    empty = np.zeros((1, 0), "float32")
    model = keras.Sequential([keras.Input((0,)), keras.layers.Dense(3)])
    with pytest.raises(ValueError, match=r"at least one number each.*\(1, 0\)"):
        attacks.RandomNoise(0.5)(model, empty, np.array([1]))
