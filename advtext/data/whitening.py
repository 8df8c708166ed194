import numpy as np

from advtext.arguments import check_positive


class Whitening:
    """Contrast normalization and decorrelation of images (GCN and ZCA).

    Every image gets mean 0 and variance 1; then the pixels of all images are
    decorrelated, by the symmetric matrix that changes them least. Directions
    of small variance are damped by the regularization: of photos such as those
    of CIFAR-10 a pixel has a standard deviation of about 0.5 afterwards.

    Args:
        regularization: Added to the variances that are divided by, more
            than 0.

    Raises:
        ValueError: If `regularization` is not positive.

    Example:

    >>> import numpy as np
    >>> from advtext.data import Whitening
    >>> images = np.random.default_rng(0).random((500, 2, 2, 3), "float32")
    >>> white = Whitening(regularization=1e-9).fit(images)(images)
    >>> white.shape, round(float(white.std()), 2)  # One direction is lost.
    ((500, 2, 2, 3), 0.96)

    Reference:
        - [Krizhevsky, 2009](
          https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf), part
          of learning about the images' statistics
    """

    def __init__(self, regularization=0.1):
        self.regularization = check_positive("regularization", regularization)
        self.mean = self.matrix = None

    def fit(self, images):
        """Learns the statistics of training images `(number, ...)`.

        Returns:
            Itself.
        """
        flat = _normalized(images)
        if not np.isfinite(flat).all():
            raise ValueError("`images` must not hold NaN or infinite values.")
        self.mean = flat.mean(axis=0)
        flat -= self.mean
        covariance = flat.T @ flat / len(flat)
        values, vectors = np.linalg.eigh(covariance.astype("float64"))
        scaled = vectors / np.sqrt(np.maximum(values, 0) + self.regularization)
        self.matrix = (scaled @ vectors.T).astype("float32")
        return self

    def __call__(self, images):
        """Returns whitened images, float32, shaped like `images`.

        Raises:
            ValueError: If nothing was fitted, or images of another size.
        """
        size = int(np.prod(np.shape(images)[1:]))
        if self.matrix is None or len(self.matrix) != size:
            raise ValueError(
                "Call `fit` with training images first, of the same size. "
                f"Received: images of shape {np.shape(images)}."
            )
        flat = _normalized(images)
        flat -= self.mean
        return (flat @ self.matrix).reshape(np.shape(images))


def _normalized(images):
    """Returns images as rows with mean 0 and variance 1."""
    images = np.asarray(images)
    if images.ndim < 2 or not images.size or images.dtype.kind not in "biuf":
        raise ValueError(
            "`images` must be an array of numbers (number, ...), of one image "
            f"or more. Received: {images.dtype}, shape {images.shape}."
        )
    flat = np.reshape(images, (len(images), -1)).astype("float32")
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= np.maximum(flat.std(axis=1, keepdims=True), 1e-3)
    return flat
