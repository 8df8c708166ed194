"""What the rows of the image experiments share: images, networks, attacks."""

import functools

import numpy as np

from advtext import backend, evaluation, training
from advtext.attacks import FastGradient
from advtext.config.image_config import LARGE_ROWS, PHOTO_ROW
from advtext.data.array_batches import ArrayBatches
from advtext.experiments.images import folder, splits
from advtext.experiments.images.recipes import RECIPES
from advtext.experiments.images.training import RubbishBatches, build, fit
from advtext.experiments.run_directory import RunDirectory
from advtext.losses import cross_entropy, independent_cross_entropy

_LOSSES = {"softmax": cross_entropy, "sigmoid": independent_cross_entropy}


class OutOfTime(Exception):
    """`max_minutes` have run out; what is trained is kept."""


class Study:
    """The images, and the networks, which are trained when first asked for.

    A network stays in `run_dir/models/NAME_SEED`, and is trained once.

    Args:
        config: `ImageConfig`.

    Attributes:
        images: Dict from `"train"` and `"test"` to `Images`.
        used: Seeds of the networks that were asked for, a dict from name to
            seeds; a row clears it.

    Raises:
        FileExistsError: If `run_dir` holds a run, and neither `resume` nor
            `overwrite` was asked for; or files that are of no run.
        ValueError: If `resume` finds a run of another configuration.
    """

    def __init__(self, config):
        self.config = config
        self.directory = folder.check(config)
        self.images = {}
        if set(config.rows) != {PHOTO_ROW}:
            self.images = splits.load(config)
        if set(config.rows) & set(LARGE_ROWS):
            self.set_aside()
        folder.begin(self.directory, config, self.images)
        self.deadline = training.TimeLimit(config.max_minutes)
        self.models = {}
        # One object for each loss: it is compiled once for a network.
        self.attacks = {
            kind: FastGradient(config.epsilon, norm="linf", loss=loss)
            for kind, loss in _LOSSES.items()
        }
        self.used = {}
        backend.expect_many_models()

    def set_aside(self):
        """Returns the training images but `num_validation`, and those."""
        return splits.set_aside(
            self.images["train"], self.config.num_validation
        )

    @property
    def data(self):
        """What the images are like: grey as MNIST, or coloured as CIFAR-10."""
        channels = self.images["test"].images.shape[-1]
        return "MNIST" if channels == 1 else "CIFAR-10"

    def told(self):
        """Returns which networks a row used, in a sentence."""
        parts = []
        for name, seeds in self.used.items():
            epochs = self.run(name, seeds[0]).metrics()["epochs"]
            listed = ", ".join(map(str, seeds))
            parts.append(f"{name} ({epochs} passes; seeds {listed})")
        return "Networks: " + "; ".join(parts) + "." if parts else ""

    @property
    def value_range(self):
        """The range of the pixels; whitened images have none."""
        return None if self.config.whitening else (0.0, 1.0)

    def of(self, name, split="test"):
        """Returns `(x, y)`: the images that a network tells apart."""
        images = self.images[split]
        pair = RECIPES[name].only
        if pair is None:
            return images.images, images.labels
        chosen = np.isin(images.labels, pair)
        if len(set(images.labels[chosen])) < 2:
            raise ValueError(
                f"Network {name!r} tells the classes {pair[0]} and {pair[1]} "
                f"apart, and the {split} images do not hold both."
            )
        y = (images.labels[chosen] == pair[1]).astype("int32")
        return images.images[chosen], y

    @functools.cached_property
    def num_classes(self):
        return int(self.images["train"].labels.max()) + 1

    def model(self, name, seed=None):
        """Returns a trained classifier.

        Args:
            name: Name of a recipe.
            seed: Its seed; the first one by default.

        Raises:
            OutOfTime: If `max_minutes` ran out before it was trained.
        """
        seed = self.config.seeds[0] if seed is None else seed
        x, y = self.of(name, "train")
        return self.trained(name, seed, x, y, self.config.epochs)

    def trained(self, name, seed, x, y, epochs, of_epochs=None):
        """Returns a classifier trained on these images.

        Args:
            name: Name of a recipe.
            seed: Its seed.
            x: Images.
            y: Their classes.
            epochs: Passes over them.
            of_epochs: Passes until the learning rate has fallen; `epochs` by
                default.
        """
        if seed not in self.used.setdefault(name, []):
            self.used[name].append(seed)
        if (name, seed) not in self.models:
            run = self.run(name, seed)
            if not run.finished:
                self.train(name, seed, x, y, epochs, run, of_epochs)
            self.models[name, seed] = run.load_model("classifier.keras")
        return self.models[name, seed]

    def run(self, name, seed):
        """Returns the `RunDirectory` of a training."""
        path = self.directory / "models" / f"{name}_{seed}"
        run = RunDirectory(path, within=self.directory)
        run.path.mkdir(parents=True, exist_ok=True)
        return run

    def train(
        self, name, seed, x, y, epochs, run, of_epochs=None, **early_stopping
    ):
        """Trains a network and saves it, in `run`."""
        if self.deadline.is_over():
            raise OutOfTime
        config, recipe = self.config, RECIPES[name]
        num_classes = 2 if recipe.only else self.num_classes
        size = min(config.batch_size, len(x))
        if recipe.with_rubbish:
            one_hot = np.eye(num_classes, dtype="float32")[y]
            batches = RubbishBatches((x, one_hot), size, seed)
        else:
            batches = ArrayBatches((x, y), size, seed)
        steps = (of_epochs or epochs) * len(batches)
        model = build(recipe, config, x.shape[1:], num_classes, seed, steps)
        metrics = fit(
            model, batches, epochs, run, self.deadline, **early_stopping
        )
        if metrics is None:
            raise OutOfTime
        run.save_model(model, "classifier.keras")
        run.finish({"seed": seed, **metrics})
        run.checkpoint.unlink()

    def probabilities(self, *names):
        """Returns how each network's logits become probabilities, a dict."""
        return {name: RECIPES[name].probabilities for name in names}

    def loss(self, name):
        """Returns the loss of a network, per example."""
        return _LOSSES[RECIPES[name].probabilities]

    def fast_gradient(self, name):
        """Returns the attack on a network; nothing is clipped, as published."""
        return self.attacks[RECIPES[name].probabilities]

    def score(self, name, model=None, attacked=True):
        """Measures a network on the test images, attacked or as they are."""
        model = model or self.model(name)
        x, y = self.of(name)
        if attacked:
            x = self.examples(name, model)
        kind = RECIPES[name].probabilities
        return evaluation.score(model, x, y, kind, batch_size=1000)

    def examples(self, name, model=None):
        """Returns adversarial examples of all test images."""
        x, y = self.of(name)
        attack = self.fast_gradient(name)
        model = model or self.model(name)
        return np.asarray(attack(model, x, y, batch_size=1000))
