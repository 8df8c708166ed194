"""Arbitrary arguments for every public class and function."""

import dataclasses
import inspect
import math

from hypothesis import strategies as st

_PACKAGES = ("attacks", "training", "models", "layers", "data", "losses",
             "evaluation")  # fmt: skip
# What reads a network's weights from the network.
_LEFT_OUT = {"imagenet_classifier", "load_images", "load_image_file"}
# Sizes whose defaults are large.
_SMALL = {"units", "embedding_dim", "vocabulary_size"}
# An argument that is right, by its name.
_RIGHT = {
    "attack": "fast",
    "attacks": "{'a': fast}",
    "batches": "None",
    "classifier": "models.softmax_regression(3)",
    "clean": "x",
    "clean_logits": "x",
    "columns": "2",
    "corpora": "{'train': corpus}",
    "corpus": "corpus",
    "counts": "[1]",
    "dataset": "data.ArrayBatches((x, y), 2)",
    "documents": "[[1], [2]]",
    "epsilon": "0.5",
    "epsilons": "[0.1]",
    "folder": "here / 'out'",
    "ids": "[1, 2]",
    "image_shape": "(2, 2, 1)",
    "images": "pictures",
    "input_dim": "5",
    "kernel": "x.T",
    "label": "'a'",
    "labels": "[0, 1]",
    "labelled": "(x, y)",
    "layers": "[keras.layers.Dense(3)]",
    "locate": "str",
    "logits": "x[:, :3]",
    "minutes": "1.0",
    "model": "net",
    "models": "{'a': net, 'b': net}",
    "names": "('a', 'b')",
    "num_classes": "3",
    "num_logits": "3",
    "num_pieces": "2",
    "num_steps": "3",
    "offsets": "[0, 2]",
    "output_dim": "4",
    "path": "here / 'a.png'",
    "perturbed": "x",
    "perturbed_logits": "x",
    "predict": "net",
    "prepared": "data.Prepared(None, {}, ())",
    "rows": "[{'error': 1.0}]",
    "source": "data.open_source('demo')",
    "splits": "['train']",
    "step_size": "0.1",
    "texts": "['a b', 'b a']",
    "token_counts": "[0, 1, 1]",
    "tokens_per_batch": "3",
    "transform": "lambda x: x",
    "transformation": "lambda x: x",
    "unlabelled": "x",
    "units": "4",
    "vocabulary_size": "10",
    "embedding_dim": "4",
    "hidden_dim": "4",
    "num_candidates": "3",
    "wordnet_ids": "('n1', 'n2')",
    "words": "['a']",
    "x": "x",
    "y": "y",
}
# Expressions of every kind that a user may have at hand.
_ANY = st.sampled_from(
    "None True False nan inf -inf 0 1 -1 2 1.5 -0.5 10**400 2**64 '' 'l2' "
    "'softmax' b'a' x y ids pictures x[:0] x*nan x.astype('float64') y-1 "
    "[x,y] (x,y) {'a':x} [] {} () [nan] net probs unit fast corpus here "
    "keras.ops.convert_to_tensor(x) x.astype(object) np.float32(1) 1j "
    "np.array('a') [[1],[1,2]] iter([]) len keras.layers.Dense(3) "
    "keras.Input((4,)) np.array(None) range(3) {'net':net}".split()
)
_EXPRESSIONS = (
    _ANY
    | st.integers(-9, 50).map(repr)
    | st.floats(width=32).map(repr)
    | st.text(max_size=4).map(ascii)
    | st.lists(st.integers(-3, 9), max_size=4).map(repr)
    | st.lists(_ANY, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
    | _ANY.map(lambda part: f"{{'a': {part}}}")
)


def constructor_targets(names):
    """Returns the targets that call what is public.

    Args:
        names: Dict of names, as of `Shared.names`.

    Returns:
        Dict from a name to a strategy of expressions to evaluate.
    """
    targets = {}
    for package in _PACKAGES:
        module = names[package]
        for name, thing in sorted(vars(module).items()):
            if name.startswith("_") or name in _LEFT_OUT:
                continue
            # Not what a module imports for itself, such as a check.
            where = getattr(thing, "__module__", None) or ""
            ours = where.startswith(module.__name__)
            if ours and callable(thing):
                whole = f"{package}.{name}"
                ending = "[0]" if name.endswith("Batches") else ""
                targets[whole] = _calls(whole, thing, ending)
    for name in ("FastGradient", "RandomNoise", "VirtualAdversarial",
                 "ProjectedGradientDescent"):  # fmt: skip
        call = f"attacks.{name}(0.5)"
        attack = eval(call, names)
        targets[f"{call}()"] = _calls(call, attack, "")
    return targets


def is_nonsense(call, value):
    """Returns whether a NaN was taken for the setting of an object."""
    # A record holds whatever it is given.
    if dataclasses.is_dataclass(value) or not hasattr(value, "__dict__"):
        return False
    settings = vars(value).values()
    return "=nan" in call and any(
        isinstance(each, float) and math.isnan(each) for each in settings
    )


def _calls(name, thing, ending):
    """Returns a strategy of calls, with at most three arguments that are any.

    Args:
        name: How it is called.
        thing: The class, function or object.
        ending: What is done with the result.
    """
    parameters = [
        p
        for p in inspect.signature(thing).parameters.values()
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]

    @st.composite
    def build(draw):
        wrong = ()
        if parameters:
            each = st.sampled_from([p.name for p in parameters])
            wrong = draw(st.sets(each, max_size=3))
        given = []
        for p in parameters:
            if p.name in wrong:
                given.append(f"{p.name}={draw(_EXPRESSIONS)}")
            elif p.default is p.empty or p.name in _SMALL:
                given.append(f"{p.name}={_RIGHT.get(p.name, 'None')}")
        return f"{name}({', '.join(given)}){ending}"

    return build()
