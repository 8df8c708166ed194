"""All cases of the campaign of bad input."""

import importlib

AREAS = (
    "flag config text label_and_token predict run image photo "
    "attack training model data_object evaluation process"
).split()


def all_cases():
    """Returns a dict from names to cases.

    Raises:
        ValueError: If two have one name.
    """
    found = {}
    for area in AREAS:
        for case in importlib.import_module(f"{area}_cases").cases():
            if case.name in found:
                raise ValueError(f"Two cases are called {case.name!r}.")
            found[case.name] = case
    return found
