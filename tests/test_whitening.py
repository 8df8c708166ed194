import numpy as np
import pytest

from advtext.data import Whitening

RANDOM = np.random.default_rng(0)


def correlated(number):
    """Returns images whose neighbouring pixels are alike."""
    noise = RANDOM.random((number, 3, 3, 2)).astype("float32")
    return (noise + noise[:, ::-1] + 0.5 * noise[:, :, ::-1]) / 2.5


def test_pixels_are_decorrelated_and_scaled():
    images = correlated(4000)
    white = Whitening(1e-9).fit(images)(images)
    assert white.shape == images.shape and white.dtype == "float32"
    covariance = np.cov(white.reshape(4000, -1).T)
    # One direction less: every image has mean 0.
    values = np.linalg.eigvalsh(covariance)
    live = values[values > 1e-3]
    np.testing.assert_allclose(live, 1.0, rtol=1e-2)


def test_the_regularization_damps_small_variances():
    images = correlated(4000)
    plain = Whitening(1e-9).fit(images)(images).reshape(4000, -1)
    damped = Whitening(0.5).fit(images)(images).reshape(4000, -1)
    normalized = images.reshape(4000, -1)
    normalized = normalized - normalized.mean(axis=1, keepdims=True)
    normalized /= normalized.std(axis=1, keepdims=True)
    values = np.linalg.eigvalsh(np.cov(normalized.T))
    expected = np.sort(values / (values + 0.5))
    found = np.linalg.eigvalsh(np.cov(damped.T))
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert damped.std() < plain.std()


def test_brightness_and_contrast_do_not_matter():
    images = correlated(100)
    whitening = Whitening().fit(images)
    changed = 0.2 + 0.5 * images
    np.testing.assert_allclose(whitening(changed), whitening(images), atol=1e-3)


def test_new_images_use_the_statistics_of_the_old():
    images = correlated(100)
    whitening = Whitening().fit(images)
    np.testing.assert_allclose(
        whitening(images[:3]), whitening(images)[:3], atol=1e-4
    )


def test_a_flat_image_stays_finite():
    whitening = Whitening().fit(correlated(50))
    assert np.all(np.isfinite(whitening(np.zeros((1, 3, 3, 2)))))


def test_wrong_use():
    with pytest.raises(ValueError, match="Call `fit` with training images"):
        Whitening()(correlated(2))
    with pytest.raises(ValueError, match="of the same size"):
        Whitening().fit(correlated(9))(np.zeros((1, 2, 2, 2)))
    with pytest.raises(ValueError, match="must be a finite number above 0"):
        Whitening(regularization=0.0)
