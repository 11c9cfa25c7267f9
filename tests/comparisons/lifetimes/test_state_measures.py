"""Measures of single networks' states: worked out by hand from what was kept of each."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from comparisons.lifetimes.players import NETWORK
from comparisons.lifetimes.state_measures import SHUFFLED, state_measures
from comparisons.tree import LIFETIME_BEHAVIOUR

WHERE = "reward_scale 2, prior_scale 3, lifetime 20"


def rows_of(ends: list[int], read_outs: list[float], entropies: list[float]) -> pd.DataFrame:
    """A network per entry; its policy has this entropy in the last two of 20 trials, and none before."""
    count, num_tasks, lifetime = len(ends), 4, 20
    sizes = {"shown": count, "task": num_tasks, "time": lifetime, "step": lifetime - 1, "component": 2, "bound": 3}
    kept = {name: (dims, np.zeros([sizes[dim] for dim in dims])) for name, dims in LIFETIME_BEHAVIOUR.items()}
    kept["entropy"][1][:, :, -2:] = np.array(entropies)[:, None, None] * np.array([0.5, 1.5, 0.5, 1.5])[:, None]
    kept["end_points"] = ("shown",), np.array(ends)
    kept["read_out"] = ("shown", "bound"), np.array(read_outs)[:, None] + np.array([0.0, -0.1, 0.05])
    kept["participation_ratio"] = ("shown", "bound"), np.full((count, 3), [2.0, 1.5, 2.5])
    kept["shuffled_read_out"] = ("shown", "bound"), np.full((count, 3), [0.5, 0.4, 0.6])
    places = {"cell": 7, "lifetime": lifetime, "reward_scale": 2.0, "prior_scale": 3.0}
    behaviour = xr.Dataset(kept).assign_coords({name: ("shown", [value] * count) for name, value in places.items()})
    table = pd.DataFrame(state_measures(xr.DataTree.from_dict({"behaviour": behaviour})))
    return table.set_index(["measure", "predictor"])


def test_means_over_training_seeds_with_students_interval():
    rows = rows_of([1, 2, 2], [0.5, 0.9, 1.0], [0.0, 0.3, 0.6])
    ends = rows.loc[("end_points", f"{WHERE}: {NETWORK}")]
    half = 4.302653 * np.std([1, 2, 2], ddof=1) / 3**0.5
    assert ends.lower == 1 > 5 / 3 - half  # there is no half a place
    assert [ends.estimate, ends.upper] == pytest.approx([5 / 3, 5 / 3 + half])
    assert (ends.unit, ends.interval_over) == ("places", "training seeds")
    assert rows.loc[("read_out", f"{WHERE}: {NETWORK}")].estimate == pytest.approx(0.8)
    entropy = rows.loc[("final_entropy", f"{WHERE}: {NETWORK}")]
    assert entropy.estimate == pytest.approx(0.3)
    assert entropy.upper - entropy.estimate == pytest.approx(4.302653 * 0.3 / 3**0.5)


def test_a_single_network_has_intervals_over_tasks():
    rows = rows_of([2], [0.9], [0.4])
    entropy = rows.loc[("final_entropy", f"{WHERE}: {NETWORK}")]
    error = np.std([0.2, 0.6, 0.2, 0.6], ddof=1) / 2
    assert [entropy.estimate, entropy.upper] == pytest.approx([0.4, 0.4 + 1.959964 * error])
    read_out = rows.loc[("read_out", f"{WHERE}: {NETWORK}")]
    assert [read_out.estimate, read_out.lower, read_out.upper] == pytest.approx([0.9, 0.8, 0.95])
    assert rows.loc[("read_out", f"{WHERE}: {SHUFFLED}")].estimate == 0.5
    assert set(rows.interval_over) == {"tasks"}
    assert np.isnan(rows.loc[("end_points", f"{WHERE}: {NETWORK}")].lower)  # one number has no spread


def test_maps_whose_single_networks_were_not_kept_have_no_rows():
    assert list(state_measures(xr.DataTree.from_dict({"theory": xr.Dataset()}))) == []
