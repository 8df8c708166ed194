import keras
from keras import ops

from advtext import backend
from advtext.logits import check_activation, check_from_logits
from advtext.training.clean_pass import CleanPass, Replay
from advtext.training.gradients import Gradients


class AdversarialTraining(keras.Model):
    """Trains a classifier on the compiled loss plus terms on perturbed input.

    An ordinary Keras model around the classifier: `compile`, `fit`,
    `evaluate` and `predict` as always. Inputs are embedded once a step;
    dropout masks are shared by the clean and all perturbed passes. `save`
    writes the plain classifier, which needs nothing adversarial to be served.

    Args:
        classifier: An `advtext.models.Classifier`.
        terms: List of terms. None is plain training.

    Call arguments:
        inputs: What the classifier takes; or, to train on unlabelled examples
            too, a dict with exactly the keys `labelled` and `unlabelled`.

    Raises:
        TypeError: If the classifier cannot `embed` and `classify`.
        ValueError: If two terms have the same name, the classifier gives
            probabilities, or (in `compile`) the loss expects them.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from advtext.attacks import FastGradient
    >>> from advtext.models import TextClassifier
    >>> from advtext.training import AdversarialLoss, AdversarialTraining
    >>> classifier = TextClassifier(100, embedding_dim=8, units=4)
    >>> model = AdversarialTraining(
    ...     classifier, terms=[AdversarialLoss(FastGradient(epsilon=1.0))])
    >>> model.compile(
    ...     "adam", keras.losses.BinaryCrossentropy(from_logits=True))
    >>> x, y = np.array([[5, 7, 99, 0], [4, 99, 0, 0]]), np.array([1, 0])
    >>> sorted(model.fit(x, y, verbose=0).history)
    ['adversarial_loss', 'loss']

    Reference:
        - [Miyato et al., 2017](https://arxiv.org/abs/1605.07725)
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572)
    """

    def __init__(self, classifier, terms=(), **kwargs):
        super().__init__(**kwargs)
        for method in ("embed", "classify", "compute_mask"):
            if not callable(getattr(classifier, method, None)):
                raise TypeError(
                    "`classifier` must be an advtext.models.Classifier. "
                    f"Received: {type(classifier).__name__}, which has no "
                    f"method `{method}`."
                )
        check_activation(classifier)
        self.supports_masking = False
        self.classifier = classifier
        self.terms = list(terms)
        names = [term.name for term in self.terms]
        if len(set(names)) < len(names):
            raise ValueError(
                "Terms must have different names: pass `name` to tell them "
                f"apart. Received: {names}."
            )
        self.term_trackers = [keras.metrics.Mean(name=name) for name in names]
        self.term_seed_generators = [
            generator
            for term in self.terms
            for generator in term.seed_generators
        ]
        self.built = classifier.built

    def call(self, inputs, training=False):
        return self.classifier(_streams(inputs)[0], training=training)

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        metrics=None,
        weighted_metrics=None,
        **kwargs,
    ):
        """Configures training, as `keras.Model.compile` does.

        The loss must take logits (`from_logits=True`). With a binary
        cross-entropy the metric `"accuracy"` has its threshold at logit 0.
        """
        check_from_logits(loss)
        if isinstance(loss, keras.losses.BinaryCrossentropy):
            metrics = _with_threshold_0(metrics)
            weighted_metrics = _with_threshold_0(weighted_metrics)
        super().compile(
            optimizer,
            loss,
            metrics=metrics,
            weighted_metrics=weighted_metrics,
            **kwargs,
        )

    @backend.step
    def train_step(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        gradients, logits = self.compute_gradients(x, y, sample_weight)
        backend.apply_gradients(
            self.optimizer, gradients, self.trainable_variables
        )
        return self.compute_metrics(x, y, logits, sample_weight)

    @backend.step
    def test_step(self, data):
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        logits = self(x, training=False)
        loss = self._loss(x, y, logits, sample_weight, training=False)
        self._track(loss, _streams(x)[0])
        logs = self.compute_metrics(x, y, logits, sample_weight)
        names = {tracker.name for tracker in self.term_trackers}
        return {name: log for name, log in logs.items() if name not in names}

    def compute_gradients(self, x, y, sample_weight=None):
        """Computes the gradients of the clean loss plus the weighted terms.

        Updates the trackers of the loss and of the terms.

        Args:
            x: Inputs, or the dict of labelled and unlabelled inputs.
            y: Labels of the (labelled) inputs.
            sample_weight: Optional weights of the labelled inputs.

        Returns:
            `(gradients, logits)`: one gradient per trainable variable (`None`
            where there is none), and the clean logits of the labelled inputs.
        """
        streams = _streams(x)
        if not self.classifier.built:
            # All variables must be there before they are differentiated.
            self.classifier(streams[0])
        variables = self.trainable_variables
        embedded, embed_backward = backend.vjp(
            lambda: [self.classifier.embed(s, training=True) for s in streams],
            variables,
        )
        gradients = Gradients(variables, embedded)
        clean, loss = self._labelled_pass(
            streams[0], embedded[0], y, sample_weight, gradients
        )
        passes = [clean]
        if len(streams) == 2 and not all(t.needs_labels for t in self.terms):
            passes.append(self._unlabelled_pass(streams[1], embedded[1]))
        for term, tracker in zip(self.terms, self.term_trackers, strict=True):
            stream = 0 if term.needs_labels else len(passes) - 1
            value, *more = self._term(term, passes[stream], loss.dtype)
            gradients.add(stream, *more)
            tracker.update_state(value)
            loss = loss + term.weight * value
        self._track(loss, streams[0])
        return gradients.total(embed_backward), clean.logits

    def _loss(self, *args, **kwargs):
        """Returns the compiled loss of this device's rows, Keras' share undone.

        Gradients are averaged over the devices when they are applied.
        """
        return (
            self.compute_loss(*args, **kwargs) * backend.parallel.num_replicas()
        )

    def _classify(self, mask):
        """Returns `classify` in training mode, its masks drawn only once."""
        return Replay(
            lambda embedded: self.classifier.classify(
                embedded, mask=mask, training=True
            ),
            self.classifier.non_trainable_variables,
        )

    def _labelled_pass(self, x, embedded, y, sample_weight, gradients):
        mask = self.classifier.compute_mask(x)
        classify = self._classify(mask)

        def objective(embedded):
            logits = classify(embedded)
            loss = self._loss(x, y, logits, sample_weight)
            return self.optimizer.scale_loss(loss), (loss, logits)

        def label_loss(logits):
            # Regularization losses are in the clean loss, once.
            return self._loss(x, y, logits, sample_weight) - sum(self.losses)

        _, (loss, logits), *both = backend.value_and_gradients(
            objective, self.trainable_variables, embedded
        )
        gradients.add(0, *both)
        clean = CleanPass(embedded, mask, logits, classify, label_loss, both[1])
        return clean, loss

    def _unlabelled_pass(self, x, embedded):
        mask = self.classifier.compute_mask(x)
        classify = self._classify(mask)
        return CleanPass(embedded, mask, classify(embedded), classify)

    def _term(self, term, clean, dtype):
        objective = term.objective(clean)

        def weighted(embedded):
            value = ops.cast(objective(embedded), dtype)
            return self.optimizer.scale_loss(term.weight * value), value

        return backend.value_and_gradients(
            weighted, self.trainable_variables, clean.embedded
        )[1:]

    def _track(self, loss, x):
        batch_size = ops.shape(keras.tree.flatten(x)[0])[0]
        tracker = next(m for m in self.metrics if m.name == "loss")
        tracker.update_state(loss, sample_weight=batch_size)

    def save(self, filepath, **kwargs):
        """Saves the plain classifier, as `keras.Model.save` does."""
        self.classifier.save(filepath, **kwargs)


def _with_threshold_0(metrics):
    """Replaces accuracy by name, which Keras would threshold at 0.5."""
    if not isinstance(metrics, (list, tuple)):
        return metrics
    return [
        keras.metrics.BinaryAccuracy(metric, threshold=0.0)
        if metric in ("accuracy", "acc", "binary_accuracy")
        else metric
        for metric in metrics
    ]


def _streams(x):
    """Returns `[labelled]` or `[labelled, unlabelled]` inputs."""
    if isinstance(x, dict) and set(x) == {"labelled", "unlabelled"}:
        return [x["labelled"], x["unlabelled"]]
    return [x]
