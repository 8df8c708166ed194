"""What the benchmarks compute."""

import pathlib
import sys

import numpy as np
import pytest

FOLDER = pathlib.Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)


def test_ratio_and_table():
    from measuring import ratio, table

    found = ratio([2.0, 9.0, 8.0], [1.0, 3.0, 2.0])
    assert found == {"median": 3.0, "quartiles": [2.5, 3.5]}
    assert (
        table(["a", "b"], [[1, "x"]]) == "| a | b |\n| --- | --- |\n| 1 | x |"
    )


def test_take_turns():
    from measuring import take_turns

    calls = []
    cases = {
        name: lambda name=name: calls.append(name) or len(calls)
        for name in "ab"
    }
    # Of a turn's five calls the last three count, by their median.
    found = take_turns(cases, rounds=2, warm_up=1, dropped=2, kept=3)
    assert found == {"a": [14, 24], "b": [19, 29]}
    assert calls == list("aaaaabbbbb" * 3)
    calls.clear()
    once = take_turns(cases, rounds=2, warm_up=0, dropped=0, kept=1)
    assert once == {"a": [1, 3], "b": [2, 4]}


def test_a_step_is_measured_warm():
    from measuring import take_turns

    calls = []

    def step(name):
        cold = calls[-2:] != [name, name]
        calls.append(name)
        return 2.0 if cold else 1.0

    cases = {name: lambda name=name: step(name) for name in "ab"}
    assert take_turns(cases, rounds=2) == {"a": [1.0, 1.0], "b": [1.0, 1.0]}


def test_growth_is_fitted():
    from growth import fit

    # 3 ms a unit and nothing else; the second round is twice as slow.
    linear = {size: [0.003 * size, 0.006 * size] for size in (1, 2, 4)}
    found = fit(linear)
    assert found["exponent"] == {"median": 1.0, "quartiles": [1.0, 1.0]}
    assert found["line"]["ms_per_unit"] == pytest.approx(4.5)
    assert found["line"]["ms_at_0"] == pytest.approx(0.0)
    assert found["line"]["largest_distance"] == 0.0
    square = fit({size: [0.001 * size**2] * 2 for size in (1, 2, 3)})
    assert square["exponent"]["median"] == 2.0
    # 1, 4, 9: the line is -10/3 + 4 x, and 1 is farthest from it by 1/3.
    assert square["line"] == {
        "ms_at_0": -3.33,
        "ms_per_unit": 4.0,
        "largest_distance": 0.3333,
    }


def test_cost_of_the_tables():
    from language_model import table_cost

    # 10 words more take 0.5 s more; so do the first 10, half of the step.
    found = table_cost([1.0, 1.0], [1.5, 1.5], 10, 20)
    assert found["ms_per_1000_rows"] == 50_000
    assert found["share_of_step"] == 0.5
    assert found["ratio"]["median"] == 1.5


def test_text_of_the_language_model():
    from language_model_steps import text

    x, y, counts = text(2, 5, 7)
    np.testing.assert_array_equal(counts, [0, 6, 3, 2, 2, 2, 1])
    np.testing.assert_array_equal(x[:, 1:], y[:, :-1])
    assert x.shape == (2, 5) and x.min() > 0 and y.max() < 7


def test_softmax_of_torch_is_ours():
    torch = pytest.importorskip("torch")
    from torch_language_model import sampled_softmax_loss

    from advtext.models import sampled_softmax

    rng = np.random.default_rng(0)
    numbers = [
        rng.normal(size=shape).astype("float32")
        for shape in ((5, 3), (9, 3), (9,), (9,))
    ]
    hidden, weights, biases, expected = numbers
    targets, candidates = rng.integers(0, 9, 5), rng.integers(0, 9, 20)
    arguments = hidden, targets, weights, biases, candidates, expected
    ours = sampled_softmax.sampled_softmax_loss(*arguments)
    theirs = sampled_softmax_loss(*map(torch.from_numpy, arguments))
    np.testing.assert_allclose(theirs.numpy(), ours, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "measured, lower_is_better, expected",
    [
        (2.0, False, "goal"),
        (1.9, False, "least"),
        (1.4, False, "not reached"),
        (1.5, True, "goal"),
        (2.0, True, "least"),
        (2.1, True, "not reached"),
        (None, False, "not measured"),
    ],
)
def test_verdict(measured, lower_is_better, expected):
    from targets import verdict

    bounds = (1.5, 2.0) if lower_is_better else (2.0, 1.5)
    assert verdict(measured, *bounds, lower_is_better) == expected


def test_targets():
    from targets import LARGE, targets_table

    ratios = {
        "PyTorch / ours, plain": {"median": 0.95},
        "ours: AT / plain": {"median": 2.3},
    }
    ours = {"max_length": 400, "ours_to_keras": {"median": 4.5}}
    row = {"max_length": 400, "ours_to_keras": {"median": 1.0}}
    found = {
        "step_time": {"shapes": {LARGE: {"ratios": ratios}}},
        "inference": {
            "rows": [{"at_once": "32", **row}, {"at_once": "all", **ours}]
        },
        "growth": {},
        "data": {
            "speed": {"ratio": {"median": 1.7}},
            "growth": [{"peak_mb": 400}, {"peak_mb": 500}],
        },
    }
    table = targets_table(found)
    for line in (
        "| plain step, ours / PyTorch, large | at least 1.0 | at least 0.9 | "
        "0.95 | least |",
        "| plain step, ours / PyTorch, small | at least 1.0 | at least 0.7 |  "
        "| not measured |",
        "| AT / plain step, large | at most 2.0 | at most 2.15 | 2.3 | "
        "not reached |",
        "at most 400 words | at least 4.0 | at least 2.0 | 4.5 | goal |",
        "ours / plain Python | at least 2.0 | at least 1.5 | 1.7 | least |",
        "the corpus |  |  | 1.25 | told only |",
    ):
        assert line in table
    assert "| not measured |" in targets_table({})


def test_an_earlier_commit_is_another_process(tmp_path, monkeypatch):
    import earlier

    # It sets both, for its own process.
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setattr("sys.path", [*sys.path])
    if not (earlier.HERE / ".git").exists():
        pytest.skip("not a clone")
    earlier.unpack("HEAD", tmp_path)
    assert (tmp_path / "advtext" / "__init__.py").exists()
    programs = [(tree, "tensorflow/plain/(2, 3, 4, 5)") for tree in "ab"]
    assert len(set(map(earlier.process_of, programs))) == 2
    with pytest.raises(ImportError, match="is not of"):
        earlier.build((str(tmp_path / "none"), programs[0][1]), "")
