"""What a case is, and what becomes of it."""

import dataclasses
import re
import traceback
from collections.abc import Callable

# Longer than that, no message is read.
LONGEST = 600
# What only the inside of a library says.
RAW = re.compile(
    r"\{\{node|Graph execution error|InvalidArgument|ResourceExhausted|"
    r"XlaRuntime|^INTERNAL|jax\._src|\[Op:|<tf\.|<KerasTensor|Traceback|"
    r"captures tensor|concrete TypedFunction|function_node|tf\.Tensor\(|"
    r"in user code|non-rectangular|"
    r"inhomogeneous|[\x00-\x09\x0b-\x1f\x7f]"
)
# What Python says of a call that does not fit.
_SIGNATURE = re.compile(r"missing \d+ required|unexpected keyword")
GOOD = "clear", "accepted"


@dataclasses.dataclass(frozen=True)
class Accepted:
    """An odd input that is to be taken.

    Args:
        check: Python expression that must hold, of what `Place.names` names
            and of `value` (what a call returned) or `out` (what a command
            printed).
    """

    check: str = "True"


@dataclasses.dataclass(frozen=True)
class Case:
    """A bad or an odd input.

    Args:
        area: Under which heading the table counts it.
        name: No other case has it.
        call: Python expression; a command, where it begins with `advtext` or
            `fool_imagenet`; or a function of the `Place`.
        right: Pattern of the message of the refusal, or `Accepted`.
        files: Dict from a name in the case's folder to its bytes, its text,
            or a function from its path that makes it.
        changes: Patterns of names that the call may change or remove.
        seconds: Time after which it hangs.
    """

    area: str
    name: str
    call: str | Callable
    right: str | Accepted
    files: dict = dataclasses.field(default_factory=dict)
    changes: tuple = ()
    seconds: float = 20.0


@dataclasses.dataclass(frozen=True)
class Found:
    """What a call did.

    Args:
        kind: `"refused"`, `"done"`, `"traceback"`, `"hang"` or `"died"`.
        message: The message, or the end of the traceback.
        wrong: What is wrong with a refusal or a value, whatever it says.
        lost: Files that are gone or changed, and files left behind.
    """

    kind: str
    message: str = ""
    wrong: str = ""
    lost: tuple = ()


def is_ours(error):
    """Returns whether the package raised an error, or Keras for it.

    What Keras itself says of an argument is said to its users; what its
    backends say is not.
    """
    if _SIGNATURE.search(str(error)):
        return True
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1].filename if frames else ""
    keras = "/keras/src/" in last and "/src/backend/tensorflow" not in last
    return "/advtext/" in last or keras


def is_raw(message):
    """Returns whether a message is of the inside of a library.

    What was received may look as it will.
    """
    return RAW.search(message.partition("Received:")[0]) is not None


def verdict(case, found):
    """Returns one of `GOOD`, or in a word or two what is wrong."""
    if found.kind in ("hang", "died"):
        return found.kind
    if found.lost:
        return "data lost"
    if found.kind == "traceback":
        return "traceback"
    if isinstance(case.right, Accepted):
        if found.kind == "refused":
            return "refused wrongly"
        return "wrong value" if found.wrong else "accepted"
    if found.kind == "done":
        return "accepted wrongly"
    if is_raw(found.message):
        return "raw error"
    if found.wrong or len(found.message) > LONGEST:
        return "unclear"
    if not re.search(case.right, found.message, re.S):
        return "unclear"
    return "clear"
