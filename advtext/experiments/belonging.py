"""Whether what lies in a run directory belongs together."""

from advtext.experiments.run_directory import RunDirectory
from advtext.models import LanguageModel, TextClassifier, encoder_files
from advtext.quoting import printable


def classifier(run_dir):
    """Returns what labels texts: of a finished training run.

    Args:
        run_dir: Directory of a finished training run.

    Returns:
        The frozen `TextClassifier`, its tokenizer and the tuple of the class
        names.

    Raises:
        FileNotFoundError: If the run is not finished.
        ValueError: If a file is damaged, or of another run than the others.
    """
    directory = RunDirectory(run_dir)
    name = "classifier.keras"
    model = _of_kind(directory, name, TextClassifier)
    tokenizer = directory.tokenizer()
    _check_vocabulary(directory, name, model, tokenizer)
    class_names = directory.class_names()
    units = model.logits.units
    if len(class_names) != max(units, 2):
        raise ValueError(
            f"{printable(directory / name)} tells {max(units, 2)} classes "
            f"apart, but {printable(directory / 'metrics.json')} names "
            f"{len(class_names)}: they are "
            "of different runs, or damaged. Put those of one run back."
        )
    return model.freeze(), tokenizer, class_names


def language_model(run_dir):
    """Returns the language model of a finished pretraining run.

    Or, of a folder that `advtext.models.save_encoder` wrote, the `Encoder`.

    Raises:
        FileNotFoundError: If the run is not finished.
        ValueError: If a file is damaged, or of another run than the others.
    """
    directory = RunDirectory(run_dir)
    whole = directory / "language_model.keras"
    if not whole.exists() and (directory / encoder_files.NAME).is_file():
        if not (directory / "tokenizer.json").is_file():
            raise FileNotFoundError(
                f"{printable(directory / 'tokenizer.json')} is not there: copy "
                "the one of the pretraining run."
            )
        tokenizer = directory.tokenizer()
        return encoder_files.load_encoder(directory.path, tokenizer)
    name = "language_model.keras"
    directory.metrics()
    model = _of_kind(directory, name, LanguageModel)
    _check_vocabulary(directory, name, model, directory.tokenizer())
    return model


def _of_kind(directory, name, kind):
    model = directory.load_model(name)
    if not isinstance(model, kind):
        raise ValueError(
            f"{printable(directory / name)} holds a {type(model).__name__}, "
            "not a "
            f"{kind.__name__}: it is of another run. Put the right one back."
        )
    return model


def _check_vocabulary(directory, name, model, tokenizer):
    known = model.get_config()["vocabulary_size"]
    if known != tokenizer.vocabulary_size:
        raise ValueError(
            f"{printable(directory / name)} knows {known} tokens, but "
            f"{printable(directory / 'tokenizer.json')} "
            f"{tokenizer.vocabulary_size}: "
            "they are of different runs. Put those of one run back."
        )
