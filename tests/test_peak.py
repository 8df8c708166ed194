import pytest

from advtext.config import Config
from advtext.experiments import peak

CONFIG = Config(embedding_dim=2, units=3, num_candidates=10)
# A pass of a token: factors of (2 + 3) rows and 4 * 3 columns.
LSTM = 2 * 5 * 12


@pytest.mark.parametrize(
    "method, passes",
    [
        ("none", (3, 0)),
        ("random", (6, 0)),
        ("adversarial", (6, 0)),
        ("virtual_adversarial", (3, 6)),
        ("both", (6, 6)),
        ("mixed", (6, 9)),
    ],
)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_passes_of_the_methods(method, passes, bidirectional):
    config = Config(
        embedding_dim=2, units=3, method=method, bidirectional=bidirectional
    )
    expected = tuple((1 + bidirectional) * LSTM * p for p in passes)
    assert peak.training_flops(config) == expected


@pytest.mark.parametrize("iterations, passes", [(0, 4), (1, 6), (3, 10)])
def test_a_power_iteration_is_two_passes(iterations, passes):
    config = Config(
        embedding_dim=2,
        units=3,
        method="virtual_adversarial",
        num_power_iterations=iterations,
    )
    assert peak.training_flops(config)[1] == passes * LSTM


def test_a_language_model_has_an_output_layer():
    assert peak.pretraining_flops(CONFIG) == 3 * (LSTM + 2 * 3 * 10)


def test_the_peak_is_that_of_the_fastest_product(monkeypatch):
    # Products of 1,024 rows and columns that end after 4, 2, 3, ... seconds.
    times = iter([0, 4, 10, 12, 20, 23, 30, 33, 40, 43, 50, 53])
    monkeypatch.setattr(peak.time, "perf_counter", lambda: next(times))
    monkeypatch.setattr(peak.backend, "has_gpu", lambda: False)
    assert peak.flops_per_second() == 2 * 1024**3 / 2
