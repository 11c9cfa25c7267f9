"""How far the networks of each experiment are from Bayes, before and after training, and the measures of it."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float

from comparisons.decisions.tree import SCHEMA as DECISION_SCHEMA
from comparisons.kind import Measure, Section
from comparisons.rows import Resampler, Row


class Behaviour(NamedTuple):
    """Distances from Bayes in one experiment, in its own unit; lower is better."""

    network: Float[np.ndarray, "training_seed task"]
    untrained: Float[np.ndarray, "training_seed task"]
    floor: Float[np.ndarray, "1 task"]
    """Distance of an agent that is not Bayes-optimal: memoryless prediction, or the random policy."""
    by_step: Float[np.ndarray, "training_seed step few"]
    """The network's distance at every checkpoint, on fewer tasks."""
    few_floor: Float[np.ndarray, "few"]
    """The floor on those."""
    steps: np.ndarray
    what: str
    unit: str


def behaviour_of(tree: xr.DataTree) -> Behaviour:
    """Return KL from Bayes and that of memoryless prediction, or rewards of both policies below the Gittins policy."""
    return _playing(tree) if tree.attrs["schema"] == DECISION_SCHEMA.name else _predicting(tree)


Behaviours = Mapping[str, Behaviour]
"""Distances by experiment."""


def _kl_divergence(found: Behaviours, over: Resampler) -> Iterator[Row]:
    yield from _distance(found, over, "kl_divergence")


def _rewards_below_gittins(found: Behaviours, over: Resampler) -> Iterator[Row]:
    yield from _distance(found, over, "rewards_below_gittins")


def _distance(found: Behaviours, over: Resampler, what: str) -> Iterator[Row]:
    for name, one in found.items():
        if one.what == what:
            yield over.mean("network", one.network, experiment=name)._replace(unit=one.unit)


def _share_of_floor(found: Behaviours, over: Resampler) -> Iterator[Row]:
    for name, one in found.items():
        yield over.ratio("network", one.network, one.floor, experiment=name)


def _untrained_share_of_floor(found: Behaviours, over: Resampler) -> Iterator[Row]:
    for name, one in found.items():
        yield over.ratio("untrained network", one.untrained, one.floor, experiment=name)


def _floor_share_of_untrained(found: Behaviours, over: Resampler) -> Iterator[Row]:
    for name, one in found.items():
        floor = np.broadcast_to(one.floor, one.untrained.shape)
        yield over.ratio("untrained network", floor, one.untrained, experiment=name)


def _last_share_of_first_checkpoint(found: Behaviours, over: Resampler) -> Iterator[Row]:
    for name, one in found.items():
        yield over.ratio("network", one.by_step[:, -1], one.by_step[:, 0], experiment=name)


SECTIONS = (
    Section(
        "Distance from Bayes",
        "KL from the posterior predictive, or rewards below the Gittins policy (below 0: more than it). 0 is "
        "Bayes-optimal.",
        (
            Measure("kl_divergence", "KL per prediction", "nats/step", _kl_divergence),
            Measure("rewards_below_gittins", "rewards below the Gittins policy", "rewards", _rewards_below_gittins),
        ),
    ),
    Section(
        "In proportion",
        "100 % is the floor: memoryless prediction, or the random policy.",
        (
            Measure("share_of_floor", "distance as a share of the floor's", "fraction", _share_of_floor),
            Measure(
                "untrained_share_of_floor",
                "distance of the untrained network as a share of the floor's",
                "fraction",
                _untrained_share_of_floor,
            ),
            Measure(
                "floor_share_of_untrained",
                "the floor's distance as a share of the untrained network's",
                "fraction",
                _floor_share_of_untrained,
            ),
            Measure(
                "last_share_of_first_checkpoint",
                "distance at the last checkpoint as a share of the first's",
                "fraction",
                _last_share_of_first_checkpoint,
            ),
        ),
    ),
)
"""All measures, in the order of the report."""


def _predicting(tree: xr.DataTree) -> Behaviour:
    length = int(tree.attrs["length"])
    floors = tree["floors"]["kl_divergence"].sel(floor="memoryless").to_numpy()[None, :, :length]
    network, untrained = (tree[g]["kl_divergence"].to_numpy()[:, :, :length].mean(2) for g in ("network", "untrained"))
    by_step = tree["convergence"]["kl_divergence"].transpose("training_seed", "step", "task")
    floor, num_few = floors.mean(2), by_step.sizes["task"]
    steps = by_step["step"].to_numpy()
    return Behaviour(
        network, untrained, floor, by_step.to_numpy(), floor[0, :num_few], steps, "kl_divergence", "nats/step"
    )


def _playing(tree: xr.DataTree) -> Behaviour:
    rewards = tree["totals"]["expected_rewards"].astype(float)
    players = [str(name) for name in rewards["player"].to_numpy()]
    gittins = rewards.sel(player="Gittins").to_numpy()

    def below(prefix: str) -> Float[np.ndarray, "training_seed task"]:
        chosen = [index for index, player in enumerate(players) if player.removeprefix(f"{prefix} ").isdigit()]
        return gittins - rewards.to_numpy()[chosen]

    uniform = (gittins - rewards.sel(player="uniform").to_numpy())[None]
    by_step = tree["convergence"]["expected_rewards"].transpose("training_seed", "step", "task")
    few = slice(by_step.sizes["task"])
    return Behaviour(
        below("network"),
        below("untrained network"),
        uniform,
        gittins[few] - by_step.to_numpy(),
        uniform[0, few],
        by_step["step"].to_numpy(),
        "rewards_below_gittins",
        f"rewards per {int(tree.attrs['length'])} trials",
    )
