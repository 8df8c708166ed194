import keras
from keras import ops

from advtext import backend
from advtext.logits import check_activation, check_from_logits
from advtext.models.token_ids import check_inputs
from advtext.training.chance import Chance, ChanceWarning
from advtext.training.compiled_loss import CompiledLoss
from advtext.training.known_only import known_only
from advtext.training.outputs import Outputs
from advtext.training.passes import Passes
from advtext.training.saved_as_classifier import SavedAsClassifier
from advtext.training.signs import Signs, SignsWarning
from advtext.training.stateful import check_stateless
from advtext.training.terms.term import check_terms
from advtext.training.thresholds import with_threshold_0


class AdversarialTraining(CompiledLoss, SavedAsClassifier):
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
        TypeError: If the classifier cannot `embed` and `classify`, or `terms`
            are no list of terms.
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
        # Loss scaling is as of the classifier, which casts its inputs itself.
        policy = getattr(classifier, "dtype_policy", None)
        super().__init__(**{"dtype": policy, "autocast": False, **kwargs})
        for method in ("embed", "classify", "compute_mask", "given"):
            if not callable(getattr(classifier, method, None)):
                raise TypeError(
                    "`classifier` must be an advtext.models.Classifier. "
                    f"Received: {type(classifier).__name__}, which has no "
                    f"method `{method}`. advtext.perturb_at(model, layer) "
                    "makes one of any Keras model."
                )
        check_activation(classifier)
        check_stateless(classifier)
        check_terms(terms)
        self.supports_masking = False
        self.classifier = classifier
        self.terms = list(terms)
        names = [term.name for term in self.terms]
        self.term_trackers = [keras.metrics.Mean(name=name) for name in names]
        self.term_seed_generators = [
            generator
            for term in self.terms
            for generator in term.seed_generators
        ]
        self.signs = Signs()
        self.chance = Chance(self.terms)
        self.chance_trackers = self.chance.trackers
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
        for each in keras.tree.flatten(loss):
            check_from_logits(each)
        for term in self.terms:
            # The next step is compiled with what is set until then.
            term.keep_settings(False)
        self.compiled_outputs = Outputs(loss, self.output_names)
        names = self.output_names
        metrics = with_threshold_0(metrics, loss, names)
        weighted_metrics = with_threshold_0(weighted_metrics, loss, names)
        super().compile(
            optimizer,
            loss,
            metrics=known_only(metrics),
            weighted_metrics=known_only(weighted_metrics),
            **kwargs,
        )

    def evaluate(self, x=None, y=None, *args, **kwargs):
        """Evaluates, as `keras.Model.evaluate` does."""
        check_inputs(self.classifier, x)
        self.compiled_outputs.check_labels(y)
        return super().evaluate(x, y, *args, **kwargs)

    def fit(self, x=None, y=None, *args, **kwargs):
        """Trains, as `keras.Model.fit` does; warns if nothing is learned.

        Warns, too, if all labels of a data set are -1 and 1.

        Raises:
            ValueError: If -1 is a class among the labels, not "no label".
        """
        check_inputs(self.classifier, x)
        self.compiled_outputs.check_labels(y)
        callbacks = [SignsWarning(self.signs)]
        if self.chance.attacks:
            callbacks.append(ChanceWarning(self.chance))
        args, kwargs = _with_callbacks(callbacks, args, kwargs)
        return super().fit(x, y, *args, **kwargs)

    def get_metrics_result(self):
        results = super().get_metrics_result()
        hidden = self.chance.names
        return {k: v for k, v in results.items() if k not in hidden}

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
        loss = self.loss_of(
            logits, _streams(x)[0], y, sample_weight, training=False
        )
        self._track(loss, _streams(x)[0])
        logs = self.compute_metrics(x, y, logits, sample_weight)
        names = {tracker.name for tracker in self.term_trackers}
        return {name: log for name, log in logs.items() if name not in names}

    def compute_gradients(self, x, y, sample_weight=None):
        """Computes the gradients of the clean loss plus the weighted terms.

        Updates the trackers of the loss and of the terms.

        Args:
            x: Inputs, or the dict of labelled and unlabelled inputs.
            y: Labels of the (labelled) inputs; `None` leaves the compiled loss
                out.
            sample_weight: Optional weights of the labelled inputs.

        Returns:
            `(gradients, logits)`: one gradient per trainable variable (`None`
            where there is none), and the clean logits of the labelled inputs.

        Raises:
            ValueError: If a term needs labels, and there are none.
        """
        streams = _streams(x)
        if not self.classifier.built:
            # All variables must be there before they are differentiated.
            self.classifier(streams[0])
            check_stateless(self.classifier)
        self._check_there_is_a_loss(y)
        passes = Passes(self, streams, y, sample_weight)
        loss, logits = passes.run(all(t.needs_labels for t in self.terms))
        if y is not None:
            self.signs.update_state(y, self.compiled_outputs.loss())
            self.chance.track(loss, passes.cleans[0], y, sample_weight)
        for term, tracker in zip(self.terms, self.term_trackers, strict=True):
            weight = term.weight_at(self.optimizer.iterations)
            value = passes.add(term, weight)
            counts = None
            if self._scales_losses:
                # Where scaled gradients overflow the step is not taken.
                counts = ops.isfinite(value)
                value = ops.where(counts, value, ops.zeros_like(value))
            tracker.update_state(value, sample_weight=counts)
            if not isinstance(weight, float):
                weight = ops.cast(weight, value.dtype)
            loss = loss + ops.cast(weight * value, loss.dtype)
        self._track(loss, streams[0])
        return passes.gradients.total(), logits

    def _check_there_is_a_loss(self, y):
        """Raises `ValueError` if what a term is to raise was not compiled."""
        own = type(self).compute_loss is not AdversarialTraining.compute_loss
        if own or keras.tree.flatten(self.compiled_outputs.compiled or []):
            return
        for term in self.terms:
            if term.needs_labels:
                raise ValueError(
                    f"The term {term.name!r} has nothing to raise: no loss is "
                    "compiled. Pass one, `compile(optimizer, loss=...)`. (A "
                    "loss that a layer adds is trained, but not raised.)"
                )

    @property
    def _scales_losses(self):
        return isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer)

    @property
    def output_names(self):
        """Names of the classifier's outputs, where they come in a list."""
        return getattr(self.classifier, "output_names", None)

    def _track(self, loss, x):
        batch_size = ops.shape(keras.tree.flatten(x)[0])[0]
        tracker = next(m for m in self.metrics if m.name == "loss")
        tracker.update_state(loss, sample_weight=batch_size)


def _with_callbacks(more, args, kwargs):
    """Returns the arguments of `fit` behind `x, y`, with more callbacks."""
    # Keras takes them by place, too: batch_size, epochs, verbose, callbacks.
    place = 3
    by_place = len(args) > place
    callbacks = args[place] if by_place else kwargs.get("callbacks")
    if isinstance(callbacks, keras.callbacks.CallbackList):
        for callback in more:
            callbacks.append(callback)
    else:
        callbacks = [*keras.tree.flatten(callbacks or []), *more]
    if by_place:
        return (*args[:place], callbacks, *args[place + 1 :]), kwargs
    return args, kwargs | {"callbacks": callbacks}


def _streams(x):
    """Returns `[labelled]` or `[labelled, unlabelled]` inputs."""
    if isinstance(x, dict) and set(x) == {"labelled", "unlabelled"}:
        return [x["labelled"], x["unlabelled"]]
    return [x]
