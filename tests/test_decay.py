import keras
import numpy as np
import pytest

from advtext.training import Decay


def rates(decay, steps):
    return [float(decay(step)) for step in steps]


def test_without_a_warm_up_the_exponential_rate_is_that_of_keras():
    theirs = keras.optimizers.schedules.ExponentialDecay(0.3, 1, 0.97)
    ours = Decay(0.3, 20, "exponential", decay_rate=0.97)
    steps = range(30)
    # Beyond the last step it goes on, too.
    assert rates(ours, steps) == pytest.approx(rates(theirs, steps), rel=1e-6)


def test_linear_and_cosine_rise_and_fall_to_0():
    linear = Decay(2.0, 100, "linear", warmup=0.1)
    assert rates(linear, [0, 5, 10, 55, 100]) == pytest.approx(
        [0.0, 1.0, 2.0, 1.0, 0.0], abs=1e-6
    )
    cosine = Decay(2.0, 100, "cosine", warmup=0.2)
    expected = [0.0, 1.0, 2.0, 1.0 + np.cos(np.pi / 4), 1.0, 0.0]
    found = rates(cosine, [0, 10, 20, 40, 60, 100])
    assert found == pytest.approx(expected, abs=1e-6)
    # Where training goes on for a few steps more.
    assert rates(cosine, [130]) == [0.0]


def test_an_exponential_rate_rises_first_where_asked_to():
    decay = Decay(1.0, 10, "exponential", warmup=0.5, decay_rate=0.5)
    assert rates(decay, [0, 2, 5, 6]) == pytest.approx(
        [0.0, 0.4, 0.5**5, 0.5**6]
    )


def test_it_is_saved_with_an_optimizer():
    optimizer = keras.optimizers.Adam(Decay(0.1, 50, "cosine", 0.1))
    copy = keras.optimizers.Adam.from_config(optimizer.get_config())
    assert (
        copy._learning_rate.get_config()
        == Decay(0.1, 50, "cosine", 0.1).get_config()
    )


@pytest.mark.parametrize(
    "arguments, named",
    [
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"num_steps": 0}, "num_steps"),
        ({"kind": "cosinus"}, "kind"),
        ({"warmup": 1.0}, "warmup"),
        ({"decay_rate": 0.0}, "decay_rate"),
        ({"decay_rate": 1.5}, "decay_rate"),
    ],
)
def test_an_argument_that_is_none_is_named(arguments, named):
    with pytest.raises(ValueError, match=f"`{named}`"):
        Decay(**{"learning_rate": 0.1, "num_steps": 5, **arguments})
