import keras
from keras import ops

from advtext.arguments import check_count, check_length, check_seed
from advtext.losses import as_one_hot
from advtext.models.classifier import Classifier


@keras.saving.register_keras_serializable("advtext")
class ClassificationRBM(Classifier):
    """A restricted Boltzmann machine over images and their classes.

    A generative classifier: it models images and classes together, and the
    exact class posterior follows from the joint distribution in closed form:
    the logits are the log of the joint density, but for a constant. They are
    differentiable in the image, and it can be attacked like any other network.

    Trained by its own `fit`, its loss is the compiled one of the posterior plus
    `generative_weight` times a joint term, whose gradient is that of
    contrastive divergence with one step of Gibbs sampling. Within
    `AdversarialTraining` the posterior alone is trained.

    Args:
        num_classes: Number of classes, at least 2.
        units: Hidden binary units.
        generative_weight: Factor of the joint term, at least 0; 0 trains a
            discriminative model.
        seed: Integer seed of the samples, or `None`.

    Call arguments:
        inputs: Float tensor `(batch, ...)` in [0, 1], the probabilities of
            binary pixels.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> import numpy as np
    >>> from advtext.models import ClassificationRBM
    >>> classifier = ClassificationRBM(num_classes=10, units=16)
    >>> tuple(classifier(np.zeros((2, 28, 28, 1), "float32")).shape)
    (2, 10)

    Reference:
        - [Larochelle and Bengio, 2008](
          https://doi.org/10.1145/1390156.1390224)
    """

    def __init__(
        self,
        num_classes=10,
        units=500,
        generative_weight=0.01,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_classes = check_count("num_classes", num_classes, 2)
        self.units = check_count("units", units)
        self.generative_weight = check_length(
            "generative_weight", generative_weight
        )
        self.seed = check_seed("seed", seed)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        num_pixels = 1
        for size in input_shape[1:]:
            num_pixels *= size
        shapes = {
            "kernel": (num_pixels, self.units),
            "class_kernel": (self.num_classes, self.units),
            "hidden_bias": (self.units,),
            "visible_bias": (num_pixels,),
            "class_bias": (self.num_classes,),
        }
        for name, shape in shapes.items():
            kind = "glorot_uniform" if len(shape) == 2 else "zeros"
            setattr(self, name, self.add_weight(shape, kind, name=name))

    def classify(self, embedded, mask=None, training=False):
        x = _flat(embedded)
        hidden = ops.matmul(x, self.kernel) + self.hidden_bias
        # Of every hidden unit the two states are summed out, for each class.
        inputs = ops.expand_dims(hidden, 1) + self.class_kernel
        visible = ops.matmul(x, ops.expand_dims(self.visible_bias, 1))
        return (
            visible + self.class_bias + ops.sum(ops.softplus(inputs), axis=-1)
        )

    def free_energy(self, x, y):
        """Returns the free energy of images with their classes, `(batch,)`.

        Args:
            x: Images, `(batch, ...)`.
            y: One-hot classes, `(batch, num_classes)`.
        """
        return -ops.sum(y * self.classify(x), axis=-1)

    def sample(self, x, y):
        """Takes one step of Gibbs sampling.

        Args:
            x: Images `(batch, ...)`.
            y: One-hot classes `(batch, num_classes)`.

        Returns:
            `(x, y)`: the probabilities of the pixels, flat, and a one-hot
            sample of the classes, given a sample of the hidden units.
        """
        seed = self.seed_generator
        p = ops.sigmoid(
            ops.matmul(_flat(x), self.kernel)
            + ops.matmul(y, self.class_kernel)
            + self.hidden_bias
        )
        uniform = keras.random.uniform(ops.shape(p), dtype=p.dtype, seed=seed)
        hidden = ops.cast(uniform < p, p.dtype)
        logits = self.class_bias + ops.matmul(
            hidden, ops.transpose(self.class_kernel)
        )
        drawn = keras.random.categorical(logits, 1, seed=seed)
        pixels = ops.sigmoid(
            self.visible_bias + ops.matmul(hidden, ops.transpose(self.kernel))
        )
        return pixels, ops.one_hot(drawn[:, 0], self.num_classes, dtype=p.dtype)

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if not training or not self.generative_weight:
            return loss
        x = ops.cast(_flat(x), y_pred.dtype)
        y = as_one_hot(y, self.num_classes, y_pred.dtype)
        sampled = map(ops.stop_gradient, self.sample(x, y))
        # The logits are the negative free energies of the images already.
        of_data = -ops.sum(y * y_pred, axis=-1)
        difference = of_data - self.free_energy(*sampled)
        return loss + self.generative_weight * ops.mean(difference)

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "units": self.units,
            "generative_weight": self.generative_weight,
            "seed": self.seed,
        }


def _flat(x):
    return ops.reshape(x, (ops.shape(x)[0], -1))
