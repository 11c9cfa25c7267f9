"""Maps of fixed-arm bandits: exploration, regret and its development over grids of settings, with the exact edges."""

from typing import Any

import xarray as xr

from comparisons.lifetimes.players import COMMIT, NETWORK, PRINTED, SEQUENTIAL
from comparisons.report.style import COLOURS

PLAYER_COLOURS = {
    SEQUENTIAL: COLOURS["optimal"],
    COMMIT: COLOURS["Gittins"],
    PRINTED: COLOURS["greedy"],
    NETWORK: COLOURS["network"],
}
"""One colour per yardstick: what is Bayes-optimal black, networks warm, other policies cool."""


PLAYER_DASHES: dict[str, Any] = {
    SEQUENTIAL: "-",
    COMMIT: (0, (4.6, 1.6)),
    PRINTED: (0, (1.2, 1.0)),
    NETWORK: "-",
}
"""One dash pattern per yardstick, so that colour is not the only difference."""


_PROBE = "Exploration is the mean number of pulls of the uncertain arm where its mean is the prior's"


def _seeds(tree: xr.DataTree) -> str:
    number = tree["networks"].sizes["training_seed"]
    return "one training seed" if number == 1 else f"{number} training seeds"
