"""One network beside specialists: pairs of settings, and what is summed over them, worked out by hand."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure
from scipy import stats

from comparisons.reproductions.lange_sprekeler_2020.pairs import (
    EXPLORATION,
    REGRET,
    SPECIALISTS,
    pair_table,
    pulls_correlation,
    regime_agreement,
    regret_beside_specialists,
)
from comparisons.reproductions.lange_sprekeler_2020.pairs_figure import FIGURE

SCALES = np.arange(1.0, 9.0)
AT = {"lifetime": 10, "reference": SPECIALISTS}


def a_map(lifetime, scales, *, pulls, shortfall):
    """Settings of one reward scale; full information earns 5 rewards per lifetime in each."""
    count = len(scales)
    theory = xr.Dataset({"sequential_probe_pulls": ("cell", np.full(count, 2.0))})
    theory["full_information_value"] = "cell", np.full(count, 5.0)
    theory = theory.assign_coords(
        reward_scale=("cell", np.full(count, 3.0)),
        prior_scale=("cell", scales),
        lifetime=("cell", np.full(count, lifetime)),
    )
    curves = xr.Dataset({"probe_pulls": ("cell", pulls), "shortfall": ("cell", shortfall)})
    return xr.DataTree.from_dict({"theory": theory, "curves": curves})


def test_settings_are_paired_and_those_without_a_partner_or_a_value_left_out():
    one = a_map(10, SCALES, pulls=SCALES, shortfall=np.where(np.array(SCALES) == 2, np.nan, 0.5 * SCALES))
    many = a_map(10, SCALES[::-1], pulls=2 * SCALES[::-1], shortfall=0.25 * SCALES[::-1])
    other = a_map(20, SCALES, pulls=SCALES, shortfall=SCALES)
    table = pair_table({"one_network": one, "map_25": many, "map_100": other})
    assert sorted(table.prior_scale[table.quantity == REGRET]) == [1, 3, 4, 5, 6, 7, 8]
    row = table[(table.quantity == REGRET) & (table.prior_scale == 4)].iloc[0]
    assert [row.one_network, row.specialists, row.sequential, row.ceiling] == pytest.approx([0.2, 0.1, 0, 0.5])
    row = table[(table.quantity == EXPLORATION) & (table.prior_scale == 4)].iloc[0]
    assert [row.one_network, row.specialists, row.sequential] == [4, 8, 2]
    assert set(table.lifetime) == {10}


def test_sums_over_settings_have_intervals_over_them():
    one = a_map(10, SCALES, pulls=SCALES, shortfall=np.ones(8))
    many = a_map(10, SCALES, pulls=np.where(SCALES < 3, 0.0, 3 * SCALES), shortfall=np.full(8, 0.5))
    table = pair_table({"one_network": one, "map_25": many})
    # each loses half a reward more of five that the oracle earns
    (regret,) = regret_beside_specialists(table)
    assert regret.interval == pytest.approx((0.1, 0.1, 0.1)) and regret.at == AT
    # 1 pull is not learning, 2 are: of the two settings in which specialists do not pull, they differ in one
    (row,) = regime_agreement(table)
    agreement = row.interval
    assert agreement.estimate == 7 / 8 and row.at == AT
    exact = stats.binomtest(7, 8).proportion_ci(method="exact")
    assert [agreement.lower, agreement.upper] == pytest.approx([exact.low, exact.high])
    theirs = np.where(SCALES < 3, 0.0, 3 * SCALES)
    (row,) = pulls_correlation(table)
    correlation = row.interval
    assert correlation.estimate == pytest.approx(np.corrcoef(SCALES, theirs)[0, 1])
    assert correlation.lower < correlation.estimate < correlation.upper <= 1


def test_too_few_settings_are_not_compared_and_no_variation_is_no_correlation():
    few = a_map(10, SCALES[:3], pulls=SCALES[:3], shortfall=SCALES[:3])
    table = pair_table({"one_network": few, "map_25": few})
    assert [
        *regret_beside_specialists(table),
        *pulls_correlation(table),
        *regime_agreement(table),
    ] == []
    flat = a_map(10, SCALES, pulls=np.ones(8), shortfall=np.ones(8))
    (row,) = pulls_correlation(pair_table({"one_network": flat, "map_25": flat}))
    assert np.isnan(row.interval.estimate)


def test_the_figure_has_a_point_per_setting():
    tree = a_map(10, SCALES, pulls=SCALES, shortfall=np.ones(8))
    trees = xr.DataTree.from_dict({"one_network": tree, "map_25": tree})
    table = FIGURE.table(trees)
    figure = Figure(layout="constrained")
    FIGURE.draw(trees, table, figure)
    for ax in figure.axes:
        diagonal, points = ax.get_lines()
        assert len(points.get_xdata()) == len(SCALES)
        assert np.allclose(points.get_xdata(), points.get_ydata()) and len(diagonal.get_xdata()) == 2
