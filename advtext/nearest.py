import difflib


def did_you_mean(name, names):
    """Returns a hint at the names nearest to one, or nothing: `" Did you..."`.

    Args:
        name: What was asked for.
        names: What there is.
    """
    near = difflib.get_close_matches(name, names, cutoff=0.4)
    return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
