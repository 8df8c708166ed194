import numpy as np


def percent(values):
    """Returns the mean in percent as a float, `None` where there is none."""
    return float(100.0 * np.sum(values) / len(values)) if len(values) else None
