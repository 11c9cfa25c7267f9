"""NumPy's handling of floating-point errors, which a user may have changed."""

import numpy as np


def usual_errors() -> np.errstate:
    """Return NumPy's default handling as a context: warnings, and nothing at all at an underflow."""
    return np.errstate(divide="warn", over="warn", under="ignore", invalid="warn")
