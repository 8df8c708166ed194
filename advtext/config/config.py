"""`Config`: every hyperparameter of a run, flat, typed and checked."""

import dataclasses

from advtext.config import contradictions, values
from advtext.config.values import setting

METHODS = (
    "none",
    "random",
    "adversarial",
    "virtual_adversarial",
    "both",
    "mixed",
)
ARMS = ("scratch", *METHODS)
# How a learning rate falls, see `advtext.training.Decay`.
SCHEDULES = ("exponential", "linear", "cosine")
# Those with a term on adversarial, and with one on virtual adversarial text.
ADVERSARIAL = ("adversarial", "both", "mixed")
VIRTUAL_ADVERSARIAL = ("virtual_adversarial", "both", "mixed")


def _schedule():
    return setting(
        "exponential",
        "How the learning rate falls; linear and cosine: to 0 at the end",
        choices=SCHEDULES,
    )


def _warmup():
    return setting(
        0.0,
        "Share of the training in which the learning rate rises",
        at_least=0,
        below=1,
    )


@dataclasses.dataclass(frozen=True)
class Config:
    """Everything that decides the outcome of a run.

    One flat, frozen record for every command: a run's `config.toml` says
    all there is to say. Meaning, unit and range of an argument stand in its
    field's metadata, where flags, saved files and checks read them.

    Raises:
        ValueError: If a value has the wrong type or range, or if two of
            them contradict each other.

    Example:

    >>> config = Config(epsilon=1, seeds=[0, 1])
    >>> config.epsilon, config.seeds
    (1.0, (0, 1))
    """

    data: str = setting(
        "demo",
        "Where the text comes from",
        choices=("files", "tfds", "demo", "tokens"),
        section="Text",
    )
    data_dir: str = setting(
        "", "Folder of the files, the token ids, or tfds' sets"
    )
    tfds_name: str = setting(
        "imdb_reviews/plain_text", "Name of a tensorflow-datasets set"
    )
    cache_dir: str = setting(
        "", "Folder of the token cache; empty: the user's cache folder"
    )
    tokenizer: str = setting(
        "word", "How text becomes tokens", choices=("word", "sentencepiece")
    )
    vocabulary_size: int = setting(
        30000, "Largest vocabulary", at_least=3, unit="tokens"
    )
    min_documents: int = setting(
        2, "A word must occur in that many documents", at_least=1
    )
    lowercase: bool = setting(True, "Fold upper case into lower case")
    max_length: int = setting(
        400, "Longer documents are cut to that", at_least=1, unit="tokens"
    )

    embedding_dim: int = setting(
        128, "Length of a token's vector", at_least=1, section="Model"
    )
    units: int = setting(256, "LSTM units per direction", at_least=1)
    hidden_dim: int = setting(30, "Units before the output", at_least=1)
    embedding_dropout: float = setting(
        0.5, "Dropout of the embedded text", at_least=0, below=1
    )
    bidirectional: bool = setting(False, "Read the text both ways")
    normalize_embedding: bool = setting(
        True, "Embeddings have mean 0 and variance 1 over the text"
    )
    pooling: str = setting(
        "last",
        "What of the LSTM's outputs is classified",
        choices=("last", "max", "mean", "concat"),
    )

    run_dir: str = setting(
        "", "Folder that receives the outputs", section="Run"
    )
    pretrained: str = setting(
        "", "Run directory of a language model; empty: start from nothing"
    )
    resume: bool = setting(False, "Go on with a run that was interrupted")
    overwrite: bool = setting(False, "Replace a run that is there already")
    seed: int = setting(0, "Seed of every draw", at_least=0, at_most=2**32 - 1)
    max_minutes: float = setting(
        0.0, "Stop training then; 0: no limit", at_least=0, unit="minutes"
    )
    finish_after: float = setting(
        0.0,
        "Train that long, whatever the passes; 0: until they are done",
        at_least=0,
        unit="minutes",
    )
    jit_compile: bool = setting(False, "Compile with XLA, as JAX always does")
    matmul_dtype: str = setting(
        "float32",
        "Type that the factors of a CPU's products are rounded to in training",
        choices=("float32", "bfloat16"),
    )
    deterministic: bool = setting(
        False, "Same numbers at every repetition, at some cost in speed"
    )
    checkpoint_steps: int = setting(
        200, "Save a checkpoint that often", at_least=1, unit="steps"
    )

    num_devices: int = setting(
        1,
        "Devices of a process that share its batches; 0: all",
        at_least=0,
        section="Several devices and hosts",
    )
    num_processes: int = setting(
        1, "Processes that train together; batch sizes are of each", at_least=1
    )
    process_id: int = setting(0, "Which of them this one is", at_least=0)
    coordinator: str = setting("", "host:port of process 0")
    coordinator_timeout: float = setting(
        300.0,
        "Give up if some have not come by then",
        above=0,
        at_most=86400,
        unit="seconds",
    )

    pretrain_epochs: int = setting(
        6, "Passes over the text", at_least=1, section="Language model"
    )
    pretrain_batch_size: int = setting(
        64, "Streams of text read side by side", at_least=1
    )
    pretrain_timesteps: int = setting(
        100, "Backpropagation reaches back that far", at_least=1, unit="tokens"
    )
    pretrain_learning_rate: float = setting(
        1e-3, "Adam's learning rate at the start", above=0
    )
    pretrain_learning_rate_decay: float = setting(
        0.9999, "Factor of the learning rate at each step", above=0, at_most=1
    )
    pretrain_dropout: float = setting(
        0.5, "Dropout of the embedded text", at_least=0, below=1
    )
    pretrain_word_dropout: float = setting(
        0.0,
        "Share of the vocabulary left out of a batch",
        at_least=0,
        below=1,
    )
    pretrain_weight_dropout: float = setting(
        0.0,
        "Share of the recurrent weights left out of a batch",
        at_least=0,
        below=1,
    )
    pretrain_output_dropout: float = setting(
        0.0, "Dropout of the LSTM's outputs", at_least=0, below=1
    )
    pretrain_schedule: str = _schedule()
    pretrain_warmup: float = _warmup()
    pretrain_weight_average: float = setting(
        0.0, "Decay of the averaged weights; 0: off", at_least=0, below=1
    )
    num_candidates: int = setting(
        1024, "Sampled words that the softmax runs over", at_least=1
    )

    method: str = setting(
        "none",
        "Term added to the loss",
        choices=METHODS,
        section="Adversarial terms",
    )
    epsilon: float = setting(
        5.0,
        "Length of the perturbation of a document",
        at_least=0,
        unit="units of the embedding",
    )
    relative_epsilon: bool = setting(
        False, "Take epsilon as a share of a document's embedded length"
    )
    xi: float = setting(
        0.1,
        "Length of the trial step of virtual_adversarial",
        above=0,
        unit="units of the embedding",
    )
    num_power_iterations: int = setting(
        1, "Gradients that find the worst direction", at_least=0
    )
    weight: float = setting(1.0, "Factor of the term", at_least=0)
    entropy_weight: float = setting(
        1.0, "Factor of the entropy in the method mixed", at_least=0
    )

    num_labels: int = setting(
        0, "Labelled documents used; 0: all", at_least=0, section="Classifier"
    )
    num_validation: int = setting(
        0, "Labelled documents set aside for validation", at_least=0
    )
    epochs: int = setting(10, "Passes over the labelled text", at_least=1)
    batch_size: int = setting(
        64, "Labelled batch", at_least=1, unit="documents"
    )
    unlabelled_batch_size: int = setting(
        64, "Unlabelled batch", at_least=1, unit="documents"
    )
    num_widths: int = setting(
        0,
        "Widths that batches are padded to; 0: 8 with JAX, which compiles each,"
        " 40 with TensorFlow",
        at_least=0,
    )
    learning_rate: float = setting(
        5e-4, "Adam's learning rate at the start", above=0
    )
    learning_rate_decay: float = setting(
        0.9998, "Factor of the learning rate at each step", above=0, at_most=1
    )
    schedule: str = _schedule()
    warmup: float = _warmup()
    clipnorm: float = setting(
        1.0, "Largest norm of the gradient; 0: no limit", at_least=0
    )
    weight_average: float = setting(
        0.999, "Decay of the averaged weights; 0: off", at_least=0, below=1
    )

    seeds: tuple[int, ...] = setting(
        (0, 1, 2),
        "Seeds of a table",
        at_least=0,
        at_most=2**32 - 1,
        section="Table",
    )
    methods: tuple[str, ...] = setting(
        ARMS[:-1], "Arms of a table; scratch: nothing pretrained", choices=ARMS
    )
    parallel_runs: int = setting(
        1, "Arms of a table trained at a time, each on its cores", at_least=1
    )

    def __post_init__(self):
        values.check_all(self)
        contradictions.check(self)
