"""Figures of networks that forage: against training lifetime, on the grid, over training, and inside the network."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from comparisons.foraging import published as paper
from comparisons.foraging.measures import GOALS, longest_lifetime, trained_for
from comparisons.foraging.published import is_paper_family
from comparisons.report.style import COLOURS, NEUTRAL, draw_points
from comparisons.rows import over

_PAPER_COLOUR = "#0072b2"


_LINES: dict[str, dict[str, Any]] = {
    "optimal": {"color": COLOURS["optimal"], "linestyle": "-", "linewidth": 1.4},
    "full information": {"color": NEUTRAL, "linestyle": (0, (4, 1.2, 1, 1.2)), "linewidth": 1.4},
    "small goal": {"color": NEUTRAL, "linestyle": (0, (1.2, 1.2)), "linewidth": 1.4},
    "untrained network": {"color": COLOURS["untrained network"], "linestyle": (0, (1.2, 1)), "linewidth": 1.4},
}


_NAMES = {
    "optimal": "exact optimum",
    "full information": "full information",
    "small goal": "small goal for ever",
    "untrained network": "untrained",
}


_TITLES = {
    "return": "Return",
    "small_goals": "Small goal",
    "medium_goals": "Medium goal",
    "high_goals": "High goal",
}


def draw_returns(tree: xr.DataTree, figure: Figure) -> None:
    """Return and goals in the longest lifetime against the lifetime that networks were trained for."""
    panels = figure.subplots(2, 2, sharex=True)
    longest = longest_lifetime(tree)
    for ax, (measure, title) in zip(panels.flat, _TITLES.items(), strict=True):
        _draw_measure(ax, measure_rows(tree, measure))
        for who, reference in (("full information", "informed oracle"), *((name, name) for name in _NAMES)):
            value = reference_value(tree, measure, reference)
            is_drawn = np.isfinite(value) and (measure == "return" or who == "optimal")
            if is_drawn:
                ax.axhline(value, **_LINES[who], label=_NAMES[who], zorder=1.5)
        unit = "rewards" if measure == "return" else "entries"
        ax.set(title=title, ylabel=f"{unit} per {longest} steps", ylim=(0, None))
    for ax in panels[1]:
        ax.set_xlabel("steps of training lifetimes")
    _legend_above(figure, panels.flat[0])


def _draw_measure(ax: Axes, rows: pd.DataFrame) -> None:
    """Networks with intervals and a line through them, and the paper's numbers."""
    network = rows[(rows.who == NETWORK) & rows.estimate.notna()]
    ax.plot(network.train_lifetime, network.estimate, color=COLOURS["network"], linewidth=1.1)
    filled = network.assign(lower=network.lower.fillna(network.estimate), upper=network.upper.fillna(network.estimate))
    draw_points(ax, filled.train_lifetime, filled, COLOURS["network"], "o", "networks")
    known = rows[rows.who == PAPER]
    if len(known):
        style = {"color": _PAPER_COLOUR, "markerfacecolor": "none", "markersize": 4.5, "linestyle": "none"}
        ax.plot(known.train_lifetime, known.estimate, "D", label="paper's networks", **style)


def _legend_above(figure: Any, ax: Axes) -> None:
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=3, frameon=False, columnspacing=1.4)


def _bars(tree: xr.DataTree) -> str:
    networks = tree["networks"]
    return f"Bars: 95 % intervals over {networks.sizes['task']:,} {over(networks.sizes['training_seed'])}."


def _beside_paper(tree: xr.DataTree, figure: str) -> str:
    if not is_paper_family(tree):
        return ""
    return f" Blue diamonds: the networks of Lange & Sprekeler 2020, {figure}."


def _return_caption(tree: xr.DataTree) -> str:
    longest = longest_lifetime(tree)
    return (
        f"All networks live {longest} steps here, whatever they were trained for. Look for the lifetimes from which "
        "the medium and then the high goal are used, and for the distance from the exact optimum (black) that is "
        f"left.{_beside_paper(tree, 'figure 5, medians read off the picture (±0.5, counts ±0.3)')} Policies that use "
        f"small and medium goals in other numbers can be as good: the black lines are of one optimum. {_bars(tree)}"
    )


NETWORK, PAPER = "network", "paper"


_PREFIX = trained_for(0).removesuffix("0")


def measure_rows(tree: xr.DataTree, measure: str) -> pd.DataFrame:
    """A measure of networks by training lifetime, with the paper's numbers where they are of the same."""
    table = tree["measures"].to_dataset().to_dataframe().reset_index(drop=True)
    rows = table[(table.measure == measure) & table.predictor.str.startswith(_PREFIX)]
    found = rows.assign(who=NETWORK, train_lifetime=rows.predictor.str.removeprefix(_PREFIX).astype(int))
    found = found[["measure", "who", "train_lifetime", "estimate", "lower", "upper", "unit"]]
    known = _PAPER.get(measure)
    if known is None or not is_paper_family(tree):
        return found
    rest = {"measure": measure, "who": PAPER, "lower": np.nan, "upper": np.nan, "unit": found.unit.iloc[0]}
    printed = [{**rest, "train_lifetime": t, "estimate": value} for t, value in known.by_lifetime.items()]
    return pd.concat([found, pd.DataFrame(printed)], ignore_index=True)


def reference_value(tree: xr.DataTree, measure: str, reference: str) -> float:
    """A measure of a reference; NaN where there is none."""
    table = tree["measures"].to_dataset().to_dataframe()
    rows = table[(table.measure == measure) & (table.predictor == reference)]
    return float(rows.estimate.iloc[0]) if len(rows) else np.nan


def return_table(tree: xr.DataTree) -> pd.DataFrame:
    """Returns and goals in the longest lifetime, by training lifetime; references have a row each."""
    measures = ("return", *GOALS)
    found = [measure_rows(tree, measure) for measure in measures]
    references = [
        {"measure": measure, "who": who, "estimate": reference_value(tree, measure, who)}
        for measure in measures
        for who in ("optimal", "small goal", "informed oracle", "untrained network")
    ]
    return pd.concat([*found, pd.DataFrame(references)], ignore_index=True)


_PAPER = {
    "return": paper.RETURNS,
    **paper.GOALS,
    "own_return_per_step": paper.OWN_RETURNS,
    "participation_ratio": paper.PARTICIPATION_RATIOS,
    "explained_by_three": paper.EXPLAINED_BY_THREE,
}
