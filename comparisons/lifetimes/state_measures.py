"""From single networks' behaviour to numbers a person reads: how sure they end, and where their hidden states go."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from comparisons.lifetimes.players import NETWORK
from comparisons.rows import Measure
from comparisons.statistics.intervals import Interval, t_interval

SHUFFLED = f"{NETWORK}, arms shuffled"
"""Whose read-out chance explains: which arm is better was shuffled among the tasks."""


_LAST = 0.1
"""The end of a lifetime: this share of its trials, and at least one."""


def state_measures(tree: xr.DataTree) -> Iterator[Measure]:
    """Of every cell whose networks' behaviour is kept; intervals are over training seeds, or tasks of a single one."""
    if "behaviour" not in tree.children:
        return
    behaviour = tree["behaviour"].to_dataset()
    for cell in np.unique(behaviour["cell"]):
        networks = behaviour.isel(shown=np.flatnonzero(behaviour["cell"] == cell))
        first = networks.isel(shown=0)
        where = (
            f"reward_scale {float(first['reward_scale']):g}, prior_scale {float(first['prior_scale']):g}, "
            f"lifetime {int(first['lifetime'])}"
        )
        over = "training seeds" if networks.sizes["shown"] > 1 else "tasks"
        for measure, who, interval, unit in _of_cell(networks):
            yield Measure(measure, f"{where}: {who}", *interval, unit, over)


def _of_cell(networks: xr.Dataset) -> Iterator[tuple[str, str, Interval, str]]:
    entropies = networks["entropy"].transpose("shown", "task", "time").to_numpy().astype(float)
    num_last = max(1, round(_LAST * entropies.shape[2]))
    by_task = entropies[:, :, -num_last:].mean(axis=2)
    error = float((by_task.std(axis=1, ddof=1) / by_task.shape[1] ** 0.5).mean())
    yield "final_entropy", NETWORK, t_interval(by_task.mean(axis=1), error, least=0), "nats"
    yield "end_points", NETWORK, t_interval(networks["end_points"].to_numpy().astype(float), np.nan, least=1), "places"
    for measure, variable, who, unit, (least, most) in (
        ("state_dimensions", "participation_ratio", NETWORK, "dimensions", (1, np.inf)),
        ("read_out", "read_out", NETWORK, "fraction", (0, 1)),
        ("read_out", "shuffled_read_out", SHUFFLED, "fraction", (0, 1)),
    ):
        bounds = networks[variable].transpose("shown", "bound").to_numpy().astype(float)
        over_seeds = t_interval(bounds[:, 0], np.nan, least=least, most=most)
        yield measure, who, Interval(*map(float, bounds[0])) if len(bounds) == 1 else over_seeds, unit
