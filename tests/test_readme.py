import pathlib
import re

import keras
import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_python_of_the_readme_runs(name, tmp_path, monkeypatch):
    text = (ROOT / name).read_text(encoding="utf-8")
    code, any_model, attack = re.findall(
        r"```python\n(.*?)```", text, re.DOTALL
    )
    code = code.replace("20_000", "50").replace("=128", "=4")
    code = code.replace("units=256", "units=3")
    monkeypatch.chdir(tmp_path)
    given = {
        "token_counts": np.arange(50),
        "x": np.arange(1, 41).reshape(4, 10),
        "y": np.array([0, 1, 0, 1]),
    }
    exec(code, given)  # The README is ours.
    assert set(given["model"].history.history) == {
        "accuracy",
        "loss",
        "adversarial_loss",
        "virtual_adversarial_loss",
    }
    assert (tmp_path / "classifier.keras").is_file()
    given |= {
        "my_model": keras.Sequential(
            [
                keras.Input((10,)),
                keras.layers.Embedding(50, 4, name="embedding"),
                keras.layers.GlobalAveragePooling1D(),
                keras.layers.Dense(1),
            ]
        ),
        "my_loss": keras.losses.BinaryCrossentropy(from_logits=True),
        "y": np.array([0, 1, -1, 1]),
    }
    exec(any_model, given)
    assert "entropy_loss" in given["model"].history.history
    mine = keras.models.load_model(tmp_path / "my_model.keras")
    x = given["x"]
    np.testing.assert_array_equal(mine(x), given["my_model"](x))
    layers = [keras.Input((3, 3, 1)), keras.layers.Flatten()]
    given |= {
        "image_model": keras.Sequential([*layers, keras.layers.Dense(4)]),
        "images": np.full((2, 3, 3, 1), 0.5, "float32"),
        "labels": np.array([3, 0]),
    }
    exec(attack, given)
    found = np.abs(np.asarray(given["x_adv"]) - 0.5)
    np.testing.assert_allclose(found, 0.1, atol=1e-6)
    assert [row["epsilon"] for row in given["rows"]] == [0.0, 0.05, 0.1]


def test_both_readmes_have_the_same_code_tables_and_commands():
    english, chinese = (
        (ROOT / name).read_text(encoding="utf-8")
        for name in ("README.md", "README.zh.md")
    )
    for pattern in (r"^    \S+ .*", r"^## ", r"^\| [^|]*\|", r"^\|[ :-]+\|"):
        ours, theirs = (
            re.findall(pattern, text, re.MULTILINE)
            for text in (english, chinese)
        )
        assert len(ours) == len(theirs) > 0, pattern
