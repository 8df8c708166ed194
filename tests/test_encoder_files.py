import json
import shutil
import types
from pathlib import Path

import numpy as np
import pytest
from tiny_runs import main

from advtext.experiments import belonging, pretrain
from advtext.models import LanguageModel, TextClassifier, save_encoder
from advtext.models.encoder_files import load_encoder

COUNTS = np.arange(20)


def language_model(**options):
    model = LanguageModel(
        20, embedding_dim=4, units=6, num_candidates=5, **options
    )
    model.adapt(COUNTS)
    return model


@pytest.fixture
def saved(tiny, tmp_path):
    """A folder with the encoder of the tiny language model."""
    folder = tmp_path / "encoder"
    save_encoder(pretrain.load(tiny.pretrained), folder)
    shutil.copy(tiny.pretrained / "tokenizer.json", folder)
    return folder


def weights(model):
    layers = model.embedding, *model.lstms
    return [np.asarray(w) for layer in layers for w in layer.get_weights()]


def test_a_training_takes_over_what_was_saved(tiny, saved, tmp_path):
    ours = weights(belonging.language_model(saved))
    theirs = weights(pretrain.load(tiny.pretrained))
    for mine, other in zip(ours, theirs, strict=True):
        # Half precision has 11 bits.
        np.testing.assert_allclose(mine, other, rtol=2**-11, atol=1e-7)
    run = tmp_path / "run"
    arguments = f"--pretrained={saved}", f"--run_dir={run}", "--epochs=1"
    assert main("train", tiny.config, *arguments) == 0
    assert "test_error" in json.loads((run / "metrics.json").read_text())


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("normalize", [False, True])
def test_a_classifier_computes_the_same(bidirectional, normalize, tmp_path):
    kind = {"bidirectional": bidirectional, "normalize_embedding": normalize}
    model = language_model(**kind)
    for layer in (model.embedding, *model.lstms):
        # What float16 holds.
        for v in layer.trainable_variables:
            v.assign(np.asarray(v).astype("float16").astype("float32"))
    save_encoder(model, tmp_path)
    classifiers = []
    tokenizer = types.SimpleNamespace(vocabulary_size=20, token_counts=COUNTS)
    for source in (model, load_encoder(tmp_path, tokenizer)):
        classifier = TextClassifier(20, embedding_dim=4, units=6, **kind)
        classifier.load_language_model(source)
        classifiers.append(weights(classifier))
    for mine, other in zip(*classifiers, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_a_model_of_other_sizes_is_refused(tiny, saved, capsys, tmp_path):
    run = f"--run_dir={tmp_path / 'run'}"
    command = "train", tiny.config, f"--pretrained={saved}", run, "--units=9"
    assert main(*command) == 2
    assert "does not fit the language model's" in capsys.readouterr().err


def change(folder, **values):
    path = folder / "encoder.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def spoil(folder, value):
    path = folder / "forward_lstm.npz"
    arrays = dict(np.load(path))
    arrays["bias"] = np.full_like(arrays["bias"], value, type(value))
    np.savez(path, **arrays)


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda f: (f / "embedding.npz").unlink(), "embedding.npz"),
        (
            lambda f: (f / "embedding.npz").write_bytes(b"PK"),
            "embedding.npz.*Take the files of one checkpoint",
        ),
        (lambda f: (f / "encoder.json").write_text("{"), "encoder.json"),
        (lambda f: (f / "encoder.json").write_text("{}"), "encoder.json"),
        (
            lambda f: np.savez(f / "embedding.npz", embeddings=np.ones(3)),
            r"encoder.json.*`embedding` holds arrays of shapes .*\(3,\)",
        ),
        (lambda f: change(f, units=10**9), "encoder.json.*`forward_lstm`"),
        (lambda f: change(f, units="4"), "encoder.json.*`units` must be"),
        (lambda f: change(f, bidirectional=-1), "`bidirectional` must be"),
        (lambda f: change(f, normalize_embedding="no"), "`normalize_embed"),
        (lambda f: change(f, vocabulary_size=10**15), "knows 10+ tokens"),
        (lambda f: change(f, vocabulary_size=None), "knows None tokens"),
        (lambda f: spoil(f, np.nan), "`bias` of `forward_lstm` is no finite"),
        (lambda f: spoil(f, "1.5"), "`bias` of `forward_lstm` is no finite"),
        (
            lambda f: (f / "tokenizer.json").unlink(),
            "tokenizer.json is not there: copy the one of the pretraining",
        ),
    ],
)
def test_damaged_files_are_named(saved, damage, message):
    damage(saved)
    with pytest.raises((OSError, ValueError), match=message):
        belonging.language_model(saved)


def test_what_float16_cannot_hold_is_refused(tmp_path):
    model = language_model()
    kernel = model.lstms[0].cell.kernel
    kernel.assign(np.full(kernel.shape, 1e5))
    with pytest.raises(ValueError, match="float16 holds 65504"):
        save_encoder(model, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    for other in ("model", TextClassifier(20, embedding_dim=4, units=6)):
        with pytest.raises(TypeError, match="LanguageModel"):
            save_encoder(other, tmp_path)


def test_a_run_with_its_whole_model_is_read_from_that(tiny, saved):
    shutil.copy(tiny.pretrained / "metrics.json", saved)
    shutil.copy(tiny.pretrained / "language_model.keras", saved)
    assert isinstance(belonging.language_model(saved), LanguageModel)


def test_the_checkpoint_of_the_repository_is_whole():
    folder = Path(__file__).parents[1] / "checkpoints" / "imdb_lm"
    encoder = belonging.language_model(folder)
    (lstm,) = encoder.lstms
    assert [tuple(w.shape) for w in lstm.weights] == [
        (256, 4096),
        (1024, 4096),
        (4096,),
    ]
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert size < 30e6
