"""The guide shows the programs of examples/, and they do what it says."""

import ast
import pathlib
import re
import runpy

import keras
import pytest

from advtext.attacks import RandomNoise
from advtext.training import Term

ROOT = pathlib.Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "docs" / "any_model.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"`examples/(\w+)\.py`:\n\n```python\n(.*?)```", GUIDE, re.S)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a program in an empty folder, and returns the lines it prints."""
    monkeypatch.chdir(tmp_path)

    def run(name):
        runpy.run_path(str(ROOT / "examples" / f"{name}.py"))
        return capsys.readouterr().out.splitlines()

    yield run
    keras.backend.clear_session()


def test_the_guide_shows_every_program_as_it_is():
    files = {
        path.stem: path.read_text(encoding="utf-8")
        for path in (ROOT / "examples").glob("*.py")
    }
    assert dict(SHOWN) == files
    assert GUIDE.count("```") == 2 * len(SHOWN) == 2 * len(files) == 16


@pytest.mark.parametrize("name, code", SHOWN, ids=[name for name, _ in SHOWN])
def test_a_program_is_short(name, code):
    assert len(code.splitlines()) <= 40


def test_terms_help_an_lstm_with_few_labels(run):
    plain, both = run("functional_lstm")
    assert plain.startswith("[] ")
    assert both.startswith("['adversarial_loss', 'virtual_adversarial_loss'] ")
    plain, both = (float(line.split()[-1]) for line in (plain, both))
    assert 0.6 < plain < both


def test_adversarial_training_makes_a_cnn_robust(run):
    plain, trained = run("subclassed_cnn")
    clean, attacked = ast.literal_eval(plain.removeprefix("0 "))
    assert clean > 95 and attacked < 20
    clean, attacked = ast.literal_eval(trained.removeprefix("1 "))
    assert clean > 75 and attacked > 70


def test_bert_of_keras_hub_learns_and_is_saved_as_itself(run):
    pytest.importorskip("keras_hub")
    (line,) = run("keras_hub_bert")
    name, accuracy = line.split(" accuracy: ")
    assert name == "BertTextClassifier"
    assert float(accuracy) > 0.85


def test_of_two_inputs_one_is_perturbed(run):
    shape, accuracy = run("categorical_input")
    assert shape == "perturbed: (600, 8, 8)"
    assert float(accuracy.removeprefix("accuracy: ")) > 0.9


@pytest.mark.parametrize(
    "name, expected",
    [
        ("own_classifier", ["True"]),
        ("own_term", ["['logit_pairing', 'loss']"]),
        ("own_attack", ["[[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]"]),
        (
            "two_outputs",
            [
                "['kind_loss', 'kind_vat', 'loss', 'price_loss', 'price_vat']",
            ],
        ),
    ],
)
def test_what_a_user_writes(run, name, expected):
    assert run(name) == expected


def test_random_state_of_the_attack_of_a_term_of_ones_own_is_saved():
    class Noise(Term):
        def __init__(self):
            super().__init__(name="noise")
            self.attack = RandomNoise(epsilon=1.0, seed=0)

    term = Noise()
    assert term.seed_generators == [term.attack.seed_generator]
    assert Term().seed_generators == []
