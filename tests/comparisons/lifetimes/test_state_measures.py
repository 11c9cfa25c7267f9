"""Measures of single networks' states: worked out by hand from what was kept of each."""

import numpy as np
import pytest
import xarray as xr

from comparisons.kind import taken
from comparisons.lifetimes.players import NETWORK, SHUFFLED
from comparisons.lifetimes.scores import Scores
from comparisons.lifetimes.state_measures import ENDS
from comparisons.lifetimes.tree import BEHAVIOUR
from comparisons.rows import Over, Resampler, Table
from comparisons.statistics.counts import share_interval

WHERE = {"reward_scale": 2.0, "prior_scale": 3.0, "lifetime": 20}


def measures_of(tree: xr.DataTree) -> Table:
    return taken([ENDS], Scores(tree), Resampler(0), {})


def table_of(ends: list[int], read_outs: list[float], entropies: list[float]) -> Table:
    """A network per entry; its policy has this entropy in the last two of 20 trials, and none before."""
    count, num_tasks, lifetime = len(ends), 4, 20
    sizes = {"shown": count, "task": num_tasks, "time": lifetime, "step": lifetime - 1, "component": 2, "bound": 3}
    kept = {name: (dims, np.zeros([sizes[dim] for dim in dims])) for name, dims in BEHAVIOUR.items()}
    kept["entropy"][1][:, :, -2:] = np.array(entropies)[:, None, None] * np.array([0.5, 1.5, 0.5, 1.5])[:, None]
    kept["end_points"] = ("shown",), np.array(ends)
    kept["read_out"] = ("shown", "bound"), np.array(read_outs)[:, None] + np.array([0.0, -0.1, 0.05])
    kept["participation_ratio"] = ("shown", "bound"), np.full((count, 3), [2.0, 1.5, 2.5])
    kept["shuffled_read_out"] = ("shown", "bound"), np.full((count, 3), [0.5, 0.4, 0.6])
    places = {"cell": 7, "lifetime": lifetime, "reward_scale": 2.0, "prior_scale": 3.0}
    behaviour = xr.Dataset(kept).assign_coords({name: ("shown", [value] * count) for name, value in places.items()})
    return measures_of(xr.DataTree.from_dict({"behaviour": behaviour}))


def test_means_over_training_seeds_with_students_interval():
    table = table_of([1, 2, 2], [0.5, 0.9, 1.0], [0.0, 0.3, 0.6])
    ends = table.one("end_points", NETWORK, **WHERE)
    half = 4.302653 * np.std([1, 2, 2], ddof=1) / 3**0.5
    assert ends.interval.lower == 1 > 5 / 3 - half  # there is no half a cluster
    assert (ends.interval.estimate, ends.interval.upper) == pytest.approx((5 / 3, 5 / 3 + half))
    assert (ends.unit, ends.over) == ("clusters", Over("", 3))
    assert table.one("read_out", NETWORK, **WHERE).interval.estimate == pytest.approx(0.8)
    entropy = table.one("final_entropy", NETWORK, **WHERE).interval
    assert entropy.estimate == pytest.approx(0.3)
    assert entropy.upper - entropy.estimate == pytest.approx(4.302653 * 0.3 / 3**0.5)


def test_a_single_network_has_intervals_over_tasks():
    table = table_of([2], [0.9], [0.4])
    entropy = table.one("final_entropy", NETWORK, **WHERE).interval
    error = np.std([0.2, 0.6, 0.2, 0.6], ddof=1) / 2
    assert (entropy.estimate, entropy.upper) == pytest.approx((0.4, 0.4 + 3.182446 * error))
    assert table.one("read_out", NETWORK, **WHERE).interval == share_interval(0.9 * 4, 4)
    assert table.one("read_out", SHUFFLED, **WHERE).interval.estimate == 0.5
    over = {(name, row.who): str(row.over) for name, row in table.entries}
    assert over["read_out", SHUFFLED] == "shuffles" and over["end_points", NETWORK] == "no interval: one network"
    assert set(over.values()) == {"tasks", "shuffles", "no interval: one network"}
    assert np.isnan(table.one("end_points", NETWORK, **WHERE).interval.lower)  # one number has no spread


def test_maps_whose_single_networks_were_not_kept_have_no_rows():
    assert measures_of(xr.DataTree.from_dict({"theory": xr.Dataset()})).entries == ()
