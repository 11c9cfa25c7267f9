"""`bayesgauge gittins`: the Gittins index of a Bernoulli arm, with a bound on its error."""

import math

import tyro

from bayesopt.planning.gittins import bernoulli_gittins_index
from comparisons.commands.parsing import parse


def main(arguments: list[str]) -> int:
    """Print the Gittins index of a Bernoulli arm."""

    def gittins(
        concentration1: tyro.conf.Positional[float],
        concentration0: tyro.conf.Positional[float],
        *,
        discount: float,
        tolerance: float = 1e-9,
    ) -> tuple[float, float, float, float]:
        """Print the Gittins index of a Bernoulli arm with a Beta belief, and a proved bound on its error.

        The index is on the scale of the rewards, 0 to 1. Concentrations count the prior: a uniform prior, two wins and
        one loss is 3 2.

        Args:
            concentration1: wins plus prior; any number > 0.
            concentration0: losses plus prior; any number > 0.
            discount: weight of a reward one trial later, in [0, 1).
            tolerance: largest error allowed.
        """
        return concentration1, concentration0, discount, tolerance

    one, zero, discount, tolerance = parse(gittins, args=arguments, prog="bayesgauge gittins")
    certified = bernoulli_gittins_index(one, zero, discount, tolerance=tolerance)
    digits = max(1, math.ceil(-math.log10(max(float(certified.error_bound), 1e-15))))
    print(f"{float(certified.index):.{digits}f} ± {float(certified.error_bound):.1e}")
    return 0
