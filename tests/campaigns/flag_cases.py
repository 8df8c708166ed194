"""Flags of every command with values that they do not take."""

import itertools
import sys
from pathlib import Path

from case import Accepted, Case

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from advtext.config import Config, ImageConfig, values  # noqa: E402

_COMMANDS = {
    "pretrain": "advtext pretrain {config} --run_dir={here}/run",
    "train": "advtext train {config} --run_dir={here}/run",
    "table": "advtext table {config} --run_dir={here}/run",
    "evaluate": "advtext evaluate {trained}",
    "prepare": "advtext prepare {config} --out={here}/out",
    "image": "advtext image {image_config} --run_dir={here}/run",
    "predict": "advtext predict {trained}",
}
# Values that no field of a kind takes; each field gets the next of them.
_WRONG = {
    int: ("1.5", "ten", "''", "1e3", "nan", "0x10", "1,2", "' '"),
    float: ("nan", "inf", "-inf", "''", "ten", "1e400", "9" * 400, "1/2", "½"),
    bool: ("yes", "2", "''", "wahr", "0"),
}
# What breaks the rules between fields, or what no rule of a field tells.
_ROWS = (
    ("train --epsilon=1e999999999", "`epsilon`"),
    ("train --epsilon=-0.0001", "`epsilon` must be"),
    ("train --epsilon=1_000_000e400", "`epsilon`"),
    ("train --xi=0", "`xi` must be"),
    ("train --units=" + "9" * 400, "units"),
    ("train --batch_size=" + "9" * 400, "batch_size"),
    ("train --max_length=" + "9" * 400, "max_length"),
    ("train --epochs=" + "9" * 400, "epochs"),
    ("train --seed=" + "9" * 5000, "seed"),
    ("pretrain --num_candidates=" + "9" * 400, "num_candidates"),
    ("train --units=1000000000", "units|memory"),
    ("train --embedding_dim=1000000000", "embedding_dim|memory"),
    ("train --hidden_dim=10000000000", "hidden_dim|memory"),
    ("train --max_length=-3", "`max_length` must be"),
    ("train --seed=4294967296", "`seed` must be"),
    ("train --seed=-1", "`seed` must be"),
    ("train --seeds=0,0", "twice"),
    ("table --seeds=", "`seeds` must be"),
    ("table --seeds=0,,1", "`seeds` must be"),
    ("table --seeds=0,x", "`seeds` must be"),
    ("table --methods=none,none", "twice"),
    ("table --methods=nonne", "Did you mean 'none'"),
    ("table --methods=", "`methods` must be"),
    ("table --parallel_runs=0", "`parallel_runs` must be"),
    ("train --method=adverserial", "Did you mean 'adversarial'"),
    ("train --tokenizer=Word", "Did you mean 'word'"),
    ("train --pooling=sum", "`pooling` must be one of"),
    ("train --pooling=''", "`pooling` must be one of"),
    ("train --data=file", "Did you mean 'files'"),
    ("train --data=demo", "data_dir"),
    ("train --data_dir=''", "data_dir"),
    ("train --data_dir={here}/nowhere", "no folder .*nowhere"),
    ("train --data_dir={here}/theirs", "no training split"),
    ("train --data_dir=/dev/null", "folder"),
    ("train --data_dir={here}/a\x1b[31m", r"a\\x1b\[31m"),
    ("train --data_dir='{here}/a\nb'", r"a\\nb"),
    ("train --data=tokens --data_dir={here}/a\x1b[31m", r"a\\x1b\[31m"),
    ("train --run_dir={here}/diary.tmp/\x1b[31m", r"\\x1b\[31m"),
    ("train --data=tokens --data_dir={here}/theirs", "prepare"),
    ("train --data=tokens --data_dir=''", "data_dir"),
    ("train --data=tfds --tfds_name=''", "tfds_name"),
    ("train --data=tfds --tfds_name=no_such_set", "tfds_name"),
    ("train --data=tfds --tfds_name=../../etc", "tfds_name"),
    ("train --data=tfds --tfds_name=mnist:9.9.9", "tfds_name|mnist"),
    ("train --data=tfds --tfds_name=imdb_reviews/nonsense", "tfds_name|imdb"),
    ("train --resume --overwrite", "not both"),
    ("train --resume=maybe", "`resume` must be"),
    ("train --pretrained={here}/theirs", "language_model.keras|not there"),
    ("train --pretrained={trained}", "language_model.keras|not there"),
    ("train --pretrained={here}/run", "both|not there"),
    ("train --pretrained={pretrained} --units=7", "units|language model"),
    ("train --pretrained={pretrained} --tokenizer=sentencepiece",
     "tokenizer|language model"),
    ("train --num_labels=1000000", "num_labels"),
    ("train --num_validation=1000000", "num_validation|num_labels"),
    ("train --num_labels=1", "num_labels|class"),
    ("train --min_documents=100000", "min_documents"),
    ("train --vocabulary_size=2", "`vocabulary_size` must be"),
    ("train --process_id=1", "`process_id`"),
    ("train --num_processes=2", "coordinator"),
    ("train --num_processes=2 --coordinator=host", "coordinator"),
    ("train --num_processes=2 --coordinator=host:", "coordinator"),
    ("train --num_processes=2 --coordinator=host:99999", "coord|port|JAX"),
    ("train --num_devices=4097", "num_devices|devices"),
    ("train --matmul_dtype=float16", "`matmul_dtype` must be"),
    ("train --embedding_dropout=1", "`embedding_dropout` must be"),
    ("train --weight_average=1", "`weight_average` must be"),
    ("train --learning_rate=0", "`learning_rate` must be"),
    ("train --learning_rate_decay=1.01", "`learning_rate_decay` must be"),
    ("train --cache_dir={here}/diary.tmp", "diary.tmp"),
    ("train --cache_dir=/dev/null/x", "/dev/null"),
    ("train --cache_dir=/proc/nothing", "/proc"),
    ("train --run_dir=", "run_dir"),
    ("train --run_dir={here}/diary.tmp", "diary.tmp"),
    ("train --run_dir=/dev/null", "/dev/null"),
    ("train --run_dir=/proc/nothing", "/proc"),
    ("train --run_dir={here}/" + "x" * 300, "x{50}|name too long"),
    ("train --run_dir={data}/train.jsonl/run", "train.jsonl"),
    ("train --eps=1", "unknown flag `--eps`"),
    ("train --epsilom=1", "did you mean `--epsilon`"),
    ("train --=1", "flag|argument"),
    ("train -e 1", "argument|flag"),
    ("train extra", "unexpected argument `extra`"),
    ("train --epsilon", "expected one argument"),
    ("train --résumé", "unknown flag"),
    ("train '--epsilon=１e５０００'", "`epsilon`"),
    ("pretrain --num_candidates=0", "`num_candidates` must be"),
    ("pretrain --pretrain_timesteps=0", "`pretrain_timesteps` must be"),
    ("pretrain --pretrain_timesteps=100000000", "timesteps|short|tokens"),
    ("pretrain --pretrain_batch_size=100000000", "batch_size|short|tokens"),
    ("pretrain --pretrain_dropout=1.0", "`pretrain_dropout` must be"),
    ("evaluate --data_dir={here}/nowhere", "nowhere"),
    ("evaluate --data_dir={data3}", "class"),
    ("evaluate --epsilom=1", "did you mean `--epsilon`"),
    ("evaluate --out=x", "unknown flag `--out`"),
    ("prepare --data_dir={here}/nowhere", "nowhere"),
    ("prepare --out={here}/diary.tmp", "diary.tmp"),
    ("prepare --out=", "out"),
    ("prepare --out=/dev/null/x", "/dev/null"),
    ("prepare --data=tokens", "prepared|manifest|data"),
    ("predict --epsilon=1", "unknown flag `--epsilon`(?!.*mean `--epsilon`)"),
    ("predict --help_me", "unknown flag"),
    ("predict {here}/nowhere.txt", "nowhere.txt"),
    ("predict {here}", "directory|folder"),
    ("predict {here}/diary.tmp more", "unexpected argument `more`"),
    ("image --rows=0", "`rows` must be"),
    ("image --rows=23", "`rows` must be"),
    ("image --rows=3", "network"),
    ("image --rows=22", "photo"),
    ("image --rows=1,1", "twice"),
    ("image --rows=one", "`rows` must be"),
    ("image --rows=21 --whitening", "whitening"),
    ("image --data_dir=''", "Images are needed"),
    ("image --data_dir={here}/theirs", "no images"),
    ("image --tfds_name=no_such_set", "tfds_name"),
    ("image --tfds_name=mnist:9.9.9", "tfds_name|mnist"),
    ("image --network=maxxout", "Did you mean 'maxout'"),
    ("image --large_dtype=float16", "`large_dtype` must be"),
    ("image --validate --num_validation=60", "num_validation"),
    ("image --epsilom=1", "did you mean `--epsilon`"),
    ("image --rows=2 --units=10000000000", "units|memory"),
    ("image --ensemble_size=1", "`ensemble_size` must be"),
    ("image --rows=22 --photo={here}/nowhere.png", "nowhere.png"),
    ("image --rows=22 --photo={here}/diary.tmp", "diary.tmp"),
)  # fmt: skip
_WHOLE = (
    ("advtext", "COMMAND|required"),
    ("advtext trian {config}", "train"),
    ("advtext ''", "invalid choice"),
    ("advtext train", "CONFIG"),
    ("advtext train ''", "config"),
    ("advtext train {here}", "config"),
    ("advtext train {here}/nowhere.toml", "No config file"),
    ("advtext train {config}", "run_dir"),
    ("advtext train '\ud800.toml' --run_dir={here}/run", "config|Unicode"),
    ("advtext prepare {config}", "--out"),
    ("advtext evaluate {here}/nowhere", "nowhere"),
    ("advtext evaluate {config}", "run_dir|not there"),
    ("advtext evaluate {pretrained}", "classifier.keras"),
    ("advtext predict", "RUN"),
    ("advtext predict ''", "run_dir|RUN|empty"),
    ("advtext predict {here}/nowhere", "nowhere"),
    ("advtext image", "CONFIG"),
    ("advtext image {config} --run_dir={here}/run", "unknown key"),
    ("advtext train {image_config} --run_dir={here}/run", "unknown key"),
    ("advtext image {image_config} {image_config} --run_dir={here}/run",
     "run_dir"),
)  # fmt: skip
_TAKEN = (
    ("advtext --help", "'COMMAND' in out"),
    ("advtext train --help", "'--epsilon' in out"),
    ("advtext image --help", "'--rows' in out"),
    ("advtext evaluate {trained}", "'test error' in out"),
    ("advtext evaluate {trained} --batch_size=3", "'test error' in out"),
    ("advtext prepare {config} --out={here}/büro", "'documents' in out"),
)


def cases():
    yield from _fields(Config, "train pretrain table evaluate prepare".split())
    yield from _fields(ImageConfig, ["image"])
    for flags, right in _ROWS:
        command, _, rest = flags.partition(" ")
        yield Case("flag", flags[:60], f"{_COMMANDS[command]} {rest}", right)
    for call, right in _WHOLE:
        yield Case("flag", call, call, right)
    for call, check in _TAKEN:
        yield Case("flag", call, call, Accepted(check), seconds=60)


def _fields(kind, commands):
    """Yields a wrong value for every field, under one command after another."""
    wrong = {kind: itertools.cycle(values) for kind, values in _WRONG.items()}
    turns = itertools.cycle(commands)
    for name, field in values.fields_of(kind).items():
        of = values.item_type(field)
        value = next(wrong[of]) if of in wrong else "'\ud800'"
        command = next(turns)
        yield Case(
            "flag",
            f"{command} --{name}={value[:20]!a}",
            f"{_COMMANDS[command]} --{name}={value}",
            f"`{name}` must be",
        )
