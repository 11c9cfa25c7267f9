"""Colours, line styles and words that the figures of maps of fixed-arm bandits share."""

from typing import Any

import xarray as xr

from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK, PRINTED
from comparisons.report.style import COLOURS

PLAYER_COLOURS = {
    BAYES: COLOURS["optimal"],
    COMMIT: COLOURS["Gittins"],
    PRINTED: COLOURS["greedy"],
    NETWORK: COLOURS["network"],
}
"""One colour per player: the Bayes-optimal policy is black, networks are warm, other policies cool."""

PLAYER_DASHES: dict[str, Any] = {
    BAYES: "-",
    COMMIT: (0, (4.6, 1.6)),
    PRINTED: (0, (1.2, 1.0)),
    NETWORK: "-",
}
"""One dash pattern per player, so that colour is not the only difference."""

PROBE = "Exploration is the mean number of pulls of the unknown arm in probe tasks, in which its mean is the prior mean"


def line_of(who: str) -> dict[str, Any]:
    """Return colour and dashes of a player."""
    return {"color": PLAYER_COLOURS[who], "linestyle": PLAYER_DASHES[who]}


def seeds_of(tree: xr.DataTree) -> str:
    """Return the number of training seeds, in words."""
    number = tree["networks"].sizes["training_seed"]
    return "one training seed" if number == 1 else f"{number} training seeds"
