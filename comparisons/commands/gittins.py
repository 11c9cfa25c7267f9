"""`bayesgauge gittins`: the Gittins index of a Bernoulli arm, with a bound on its error."""

import math
from typing import Annotated

import tyro

from bayesopt.planning.gittins import bernoulli_gittins_index
from comparisons.commands.answers import JsonOption, print_json
from comparisons.commands.parsing import parse


def main(arguments: list[str]) -> int:
    """Print the Gittins index of a Bernoulli arm."""

    def gittins(
        concentration1: Annotated[float, tyro.conf.Positional, tyro.conf.arg(metavar="CONCENTRATION1")],
        concentration0: Annotated[float, tyro.conf.Positional, tyro.conf.arg(metavar="CONCENTRATION0")],
        *,
        discount: float,
        tolerance: float = 1e-9,
        json: JsonOption = False,
    ) -> tuple[float, float, float, float, bool]:
        """Print the Gittins index of a Bernoulli arm with a Beta belief, and a proved bound on its error.

        The index is on the scale of the rewards, 0 to 1. Concentrations count the prior: a uniform prior, two wins and
        one loss is 3 2.

        Args:
            concentration1: wins plus prior; any number > 0.
            concentration0: losses plus prior; any number > 0.
            discount: weight of a reward one trial later, in [0, 1).
            tolerance: largest error allowed.
            json: print one JSON object instead of text.
        """
        return concentration1, concentration0, discount, tolerance, json

    one, zero, discount, tolerance, json = parse(gittins, args=arguments, prog="bayesgauge gittins")
    certified = bernoulli_gittins_index(one, zero, discount, tolerance=tolerance)
    if json:
        belief = {"concentration1": one, "concentration0": zero, "discount": discount}
        print_json({**belief, "index": float(certified.index), "error_bound": float(certified.error_bound)})
        return 0
    digits = max(1, math.ceil(-math.log10(max(float(certified.error_bound), 1e-15))))
    print(f"{float(certified.index):.{digits}f} ± {float(certified.error_bound):.1e}")
    return 0
