"""`ImageConfig`: every hyperparameter of the image experiments."""

import dataclasses

from advtext.config import values
from advtext.config.values import setting

NETWORKS = ("maxout", "convolutional_maxout")
NUM_ROWS = 22
# Those of a large network, stopped early; and that of a photo.
LARGE_ROWS = (6, 7, 8)
PHOTO_ROW = 22


@dataclasses.dataclass(frozen=True)
class ImageConfig:
    """Everything that decides the outcome of the image experiments.

    Flat and frozen like `Config`, read and saved by the same functions.

    Raises:
        ValueError: If a value has the wrong type or range, or if two of
            them contradict each other.

    Example:

    >>> ImageConfig(data_dir="mnist", rows=[1, 2]).rows
    (1, 2)
    """

    data_dir: str = setting(
        "", "Folder of the images, or of tfds' sets", section="Images"
    )
    tfds_name: str = setting(
        "", "Name of a tensorflow-datasets set; empty: files in `data_dir`"
    )
    whitening: bool = setting(
        False, "Normalize contrast and decorrelate pixels (GCN and ZCA)"
    )
    num_train: int = setting(
        0, "Training images used; 0: all", at_least=0, unit="images"
    )
    num_test: int = setting(
        0, "Test images used; 0: all", at_least=0, unit="images"
    )
    num_validation: int = setting(
        10000,
        "Training images set aside while settings are chosen",
        at_least=1,
        unit="images",
    )

    run_dir: str = setting(
        "", "Folder that receives the outputs", section="Run"
    )
    rows: tuple[int, ...] = setting(
        (1, 2), "Rows of the experiments", at_least=1, at_most=NUM_ROWS
    )
    resume: bool = setting(False, "Go on with a run that was interrupted")
    overwrite: bool = setting(False, "Replace a run that is there already")
    seeds: tuple[int, ...] = setting(
        (0,), "Seeds of the trainings", at_least=0, at_most=2**32 - 1
    )
    control_seeds: tuple[int, ...] = setting(
        (0,), "Seeds of rows 9, 10, 11 and 19", at_least=0, at_most=2**32 - 1
    )
    max_minutes: float = setting(
        0.0, "Stop training then; 0: no limit", at_least=0, unit="minutes"
    )
    validate: bool = setting(
        False, "Test on the validation images, to choose settings"
    )

    network: str = setting(
        "maxout", "The deep network", choices=NETWORKS, section="Networks"
    )
    units: int = setting(240, "Maxout units of a dense layer", at_least=1)
    filters: int = setting(
        48,
        "Maxout units of the first convolution; two more have twice as many",
        at_least=1,
    )
    num_pieces: int = setting(
        5, "Linear functions that a unit is the maximum of", at_least=1
    )
    dropout: float = setting(
        0.5, "Dropout of the hidden units", at_least=0, below=1
    )
    input_dropout: float = setting(
        0.2, "Dropout of the pixels", at_least=0, below=1
    )
    rbm_units: int = setting(500, "Hidden units of the RBM", at_least=1)
    generative_weight: float = setting(
        0.01, "Factor of the joint term of the RBM", at_least=0
    )

    epochs: int = setting(
        20, "Passes over the training images", at_least=1, section="Training"
    )
    batch_size: int = setting(100, "Images in a batch", at_least=1)
    learning_rate: float = setting(
        1e-3, "Adam's learning rate at the start", above=0
    )
    learning_rate_decay: float = setting(
        0.01, "Factor of the learning rate at the end", above=0, at_most=1
    )
    rbf_learning_rate: float = setting(
        1e-2, "The same for the RBF network", above=0
    )
    rbm_learning_rate: float = setting(1e-3, "The same for the RBM", above=0)
    weight: float = setting(
        1.0, "Factor of the adversarial term; 1: a mix of halves", at_least=0
    )

    epsilon: float = setting(
        0.25,
        "Length of the perturbation (linf)",
        at_least=0,
        unit="units of a pixel",
        section="Rows",
    )
    large_units: int = setting(
        1600, "Units of each layer of the large network of row 6", at_least=1
    )
    large_dropout: float = setting(
        0.5, "Dropout of its hidden units", at_least=0, below=1
    )
    large_input_dropout: float = setting(
        0.2, "Dropout of its pixels", at_least=0, below=1
    )
    large_dtype: str = setting(
        "float32",
        "Type of the products in its hidden layers",
        choices=("float32", "mixed_bfloat16"),
    )
    large_epochs: int = setting(
        100, "Most passes of the large network", at_least=1
    )
    patience: int = setting(
        100,
        "Passes without a lower validation error that end row 6",
        at_least=1,
    )
    large_seeds: tuple[int, ...] = setting(
        (0, 1, 2, 3, 4), "Seeds of row 6", at_least=0, at_most=2**32 - 1
    )
    l1: float = setting(
        0.0025, "Coefficient of the weight decay of row 10", at_least=0
    )
    rotation: float = setting(
        3.0,
        "Length of the perturbation by rotation of row 11 (l2)",
        at_least=0,
        unit="units of a pixel",
    )
    hidden_epsilon: float = setting(
        0.25,
        "Length of the perturbation of hidden units (row 11, linf)",
        at_least=0,
    )
    ensemble_size: int = setting(
        12, "Networks of the ensemble of row 15", at_least=2
    )
    num_rubbish: int = setting(10000, "Rubbish images", at_least=1)
    photo: str = setting("", "Image of row 22")
    photo_weights: str = setting(
        "imagenet", "Weights of row 22's network: a file, or a download"
    )
    photo_class_index: str = setting(
        "", "Class names of row 22, a JSON file; empty: a download"
    )
    photo_model: str = setting(
        "MobileNetV2", "Network of row 22, out of keras.applications"
    )

    def __post_init__(self):
        values.check_all(self)
        images = self.data_dir or self.tfds_name
        if set(self.rows) - {PHOTO_ROW} and not images:
            raise ValueError(
                "Images are needed: set `data_dir` or `tfds_name`."
            )
        if PHOTO_ROW in self.rows and not self.photo:
            raise ValueError(
                f"Row {PHOTO_ROW} is of a photo: set `photo` to an image file."
            )
        if self.resume and self.overwrite:
            raise ValueError("Set `resume` or `overwrite`, not both.")
