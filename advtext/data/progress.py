"""One line that tells how far a long loop is."""

import sys
import time


def progress(items, label):
    """Yields the items; shows how many are done when a person watches.

    The line goes to standard error, and only when that is a terminal.

    Args:
        items: an iterable; of a sequence the line gives the percentage.
        label: what is being done, a few words.

    Example:

    >>> sum(progress([1, 2, 3], "adding"))
    6
    """
    if not sys.stderr.isatty():
        yield from items
        return
    total = len(items) if hasattr(items, "__len__") else 0
    due = time.monotonic() + 0.5
    shown = False
    for done, item in enumerate(items):
        if time.monotonic() >= due:
            due += 0.2
            shown = True
            share = f"{100 * done // total}%" if total else f"{done:,} done"
            print(f"\r{label}: {share}", end="", file=sys.stderr, flush=True)
        yield item
    if shown:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
