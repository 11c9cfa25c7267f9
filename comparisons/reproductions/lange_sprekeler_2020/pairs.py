"""One network that is told its setting beside networks trained for each: the same settings, cell by cell.

The figure has a point per setting; the measures sum over settings, and resample them.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float
from matplotlib.figure import Figure
from scipy import stats

from comparisons.lifetimes.regimes import THRESHOLD
from comparisons.report.style import COLOURS
from comparisons.rows import Measure
from comparisons.seeding import integer_for
from comparisons.statistics.intervals import LEVEL, NUM_RESAMPLES, Interval, bootstrap_ratio, percentile_interval

EXPLORATION, REGRET = "exploration", "regret"


UNITS = {EXPLORATION: "trials", REGRET: "rewards per trial"}


FEWEST_SETTINGS = 4
"""Fewer settings in common than these are not compared."""


_PLACE = ["lifetime", "reward_scale", "prior_scale"]


def pair_table(one_network: xr.DataTree, specialists: Mapping[str, xr.DataTree]) -> pd.DataFrame:
    """Every setting that both were scored in, with a column for each, means over training seeds.

    Settings in which either diverged are left out. `sequential` is the optimum's exploration, and 0 for its regret.
    """
    found = pd.concat([_settings(tree) for tree in specialists.values()], ignore_index=True)
    pairs = _settings(one_network).merge(found, on=_PLACE, suffixes=("_one", "_many")).dropna()
    tables = [
        pairs[_PLACE].assign(
            quantity=quantity,
            one_network=pairs[f"{quantity}_one"],
            specialists=pairs[f"{quantity}_many"],
            sequential=pairs["sequential_one"] if quantity == EXPLORATION else 0.0,
            ceiling=pairs["ceiling_one"],
            unit=unit,
        )
        for quantity, unit in UNITS.items()
    ]
    return pd.concat(tables, ignore_index=True)


def pair_measures(one_network: xr.DataTree, specialists: Mapping[str, xr.DataTree], *, seed: int) -> Iterator[Measure]:
    """How much more the one network loses, and how alike they explore, for every lifetime.

    Intervals are over settings; that of the regimes is Wilson's. What they lose is a share of what full
    information earns, summed over settings: above 0 the one network loses more.
    """
    table = pair_table(one_network, specialists)
    for lifetime, rows in table.groupby("lifetime"):
        regret, exploration = (rows[rows.quantity == quantity] for quantity in (REGRET, EXPLORATION))
        if len(regret) < FEWEST_SETTINGS:
            continue
        own = integer_for(seed, f"pairs at lifetime {lifetime}")
        extra = (regret.one_network - regret.specialists).to_numpy()[None]
        who = f"lifetime {lifetime}: network with networks trained for each setting"
        difference = bootstrap_ratio(extra, regret.ceiling.to_numpy()[None], seed=own)
        yield Measure("regret_beside_specialists", who, *difference, "fraction", "settings")
        ours, theirs = exploration.one_network.to_numpy(), exploration.specialists.to_numpy()
        yield Measure("pulls_correlation", who, *_correlation(ours, theirs, own), "correlation", "settings")
        alike = int(((ours > THRESHOLD) == (theirs > THRESHOLD)).sum())
        ends = stats.binomtest(alike, len(ours)).proportion_ci(confidence_level=LEVEL, method="wilson")
        agreement = Interval(alike / len(ours), float(ends.low), float(ends.high))
        yield Measure("regime_agreement", who, *agreement, "fraction", "settings")


def draw_pairs(table: pd.DataFrame, figure: Figure) -> None:
    """A point per setting, specialists across and the one network up, with the diagonal; a marker per lifetime."""
    panels = figure.subplots(1, 2)
    markers = dict(zip(sorted(table.lifetime.unique()), ("o", "s", "^", "v"), strict=False))
    for ax, (quantity, unit) in zip(panels, UNITS.items(), strict=True):
        rows = table[table.quantity == quantity]
        largest = 1.04 * float(rows[["one_network", "specialists"]].to_numpy().max())
        ax.plot([0, largest], [0, largest], color=COLOURS["optimal"], linewidth=0.8)
        for lifetime, marker in markers.items():
            own = rows[rows.lifetime == lifetime]
            place = {"linestyle": "", "marker": marker, "markersize": 4, "alpha": 0.75}
            colour = COLOURS["network" if marker == "o" else "Gittins"]
            label = f"{lifetime} trials"
            ax.plot(own.specialists, own.one_network, color=colour, markeredgewidth=0, label=label, **place)
        limits = (-0.03 * largest, largest)
        ax.set(xlim=limits, ylim=limits, xlabel=f"specialists: {quantity}, {unit}", ylabel=f"one network: {quantity}")
        ax.set_box_aspect(1)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=len(labels), frameon=False)


def _settings(tree: xr.DataTree) -> pd.DataFrame:
    """A row per setting: exploration and regret per trial of its networks, and what is exact."""
    theory, curves = tree["theory"].to_dataset(), tree["curves"].to_dataset()
    lifetimes = theory["lifetime"].to_numpy()
    return pd.DataFrame(
        {
            "lifetime": lifetimes,
            "reward_scale": theory["reward_scale"].to_numpy(),
            "prior_scale": theory["prior_scale"].to_numpy(),
            EXPLORATION: curves["probe_pulls"].to_numpy().astype(float),
            REGRET: curves["shortfall"].to_numpy() / lifetimes,
            "sequential": theory["sequential_probe_pulls"].to_numpy().astype(float),
            "ceiling": theory["full_information_value"].to_numpy() / lifetimes,
        }
    )


def _correlation(first: Float[np.ndarray, "setting"], second: Float[np.ndarray, "setting"], seed: int) -> Interval:
    """Pearson's, with a percentile interval over settings; NaN where either does not vary."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return Interval(np.nan, np.nan, np.nan)
    drawn = np.random.default_rng(seed).integers(0, len(first), (NUM_RESAMPLES, len(first)))
    x, y = (values[drawn] - values[drawn].mean(axis=1, keepdims=True) for values in (first, second))
    scale = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    resampled = (x * y).sum(axis=1)[scale > 0] / scale[scale > 0]
    return percentile_interval(float(np.corrcoef(first, second)[0, 1]), resampled)
