"""Theory of lifetimes against numbers worked out independently."""

import numpy as np

from comparisons.lifetimes.theory import theory_of
from comparisons.seams.fixed_arms import (
    Setting,
)


def test_three_yardsticks_at_the_papers_three_points():
    """Against numbers worked out independently, to the digits that they were written down with."""
    points = [Setting(19.5, 3.0, 100), Setting(9.53, 3.75, 100), Setting(9.53, 8.0, 100), Setting(5.0, 0.0, 100)]
    theory = theory_of(points)
    known = {
        "commit_trials": ([13, 11, 7, 0], 0),
        "commit_value": ([5.48, 56.10, 219.68, 0], 0.01),
        "printed_trials": ([0, 14, 8, 0], 0),
        "printed_value": ([0, 48.2, 215.6, 0], 0.06),
        "sequential_value": ([23.87, 76.51, 247.19, 0], 0.01),
        "sequential_pulls": ([34.4, 41, 46, 0], 0.5),
        "sequential_probe_pulls": ([29.3, 27.4, 29.0, 0], 0.6),  # simulated, with errors of about 0.15
        "sequential_probe_median": ([15, 16, 17, 0], 0),
    }
    for name, (values, tolerance) in known.items():
        np.testing.assert_allclose(theory[name], values, atol=tolerance, err_msg=name)
    commit, printed = theory["commit_value"].to_numpy(), theory["printed_policy_value"].to_numpy()
    assert (printed <= commit).all()
    assert (commit[:3] < theory["sequential_value"][:3]).all()
    assert (theory["sequential_value"][:3] < theory["full_information_value"][:3]).all()
    assert theory["full_information_value"][3] == 0
    assert theory["sequential_value_error"].max() < 0.01
    assert theory["lifetime"].dims == ("cell",)
