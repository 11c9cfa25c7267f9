"""Single settings of fixed-arm bandits: what exploring is worth, how training seeds explore, and how they behave."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bayesopt.planning.exploration import commit_value, printed_commit_value
from comparisons.lifetimes.figures.marks import _PROBE, PLAYER_COLOURS, PLAYER_DASHES, _seeds
from comparisons.lifetimes.grid import _PLACE, _places, cell_names, has_few_cells, has_networks
from comparisons.lifetimes.players import COMMIT, NETWORK, PRINTED, SEQUENTIAL, YARDSTICKS
from comparisons.report.points import concatenate
from comparisons.report.style import BAND
from comparisons.statistics.intervals import t_interval

MOST_COLUMNS = 3
"""Cells side by side."""


_SHOWN_SHARE = 0.6
"""Of the trials of a lifetime: nobody explores longer, and values fall without end there."""


_NAMES = {COMMIT: "commit optimum", PRINTED: "printed formula", SEQUENTIAL: "sequential optimum"}


def height_of_cells(tree: xr.DataTree) -> float:
    """Inches for a panel per cell, with a legend."""
    return 0.7 + 2.2 * _num_rows(tree["theory"].sizes["cell"])


def draw_values(tree: xr.DataTree, figure: Figure) -> None:
    """The value of committing after so many trials by two formulas, beside what is best and what networks earn."""
    table = value_table(tree)
    for cell, ax in enumerate(_panels(tree, figure)):
        rows = table[table.cell == cell]
        last = _SHOWN_SHARE * rows.lifetime.iloc[0]
        ax.axhline(0, color="#404040", linewidth=0.6)
        for who in (COMMIT, PRINTED):
            curve = rows[(rows.who == who) & (rows.trials <= last)]
            ax.plot(curve.trials, curve.estimate, **_line(who), label=_NAMES[who])
            best = curve.loc[curve.estimate.idxmax()]
            ax.plot(best.trials, best.estimate, "D", color=PLAYER_COLOURS[who], markersize=5, zorder=3)
        (best,) = rows[rows.who == SEQUENTIAL].estimate
        ax.axhline(best, **_line(SEQUENTIAL), label=_NAMES[SEQUENTIAL])
        network = rows[rows.who == NETWORK]
        mean, seeds = network[network.training_seed.isna()].iloc[0], network[network.training_seed.notna()]
        color = PLAYER_COLOURS[NETWORK]
        ax.axhline(mean.estimate, color=color, linewidth=1.4, label="networks: mean and interval; dots, each")
        if np.isfinite([mean.lower, mean.upper]).all():
            ax.axhspan(mean.lower, mean.upper, color=color, alpha=BAND, linewidth=0)
        ax.plot(seeds.trials, seeds.estimate, "o", color=color, markersize=3.2, alpha=0.55, markeredgewidth=0)
        ax.set(xlim=(-0.02 * last, last), xlabel="trials of exploration")
    _finish(figure, "rewards per lifetime")


def draw_seeds(tree: xr.DataTree, figure: Figure) -> None:
    """A histogram over training seeds of their mean pulls under the probe, with three yardsticks, for every cell."""
    table = seed_table(tree)
    for cell, ax in enumerate(_panels(tree, figure)):
        rows = table[table.cell == cell]
        pulls = rows.estimate[(rows.who == NETWORK) & rows.estimate.notna()]
        largest = max(float(rows.estimate.max()), 1.0)
        width = max(1.0, np.ceil(largest / 20))
        bins = np.arange(0, largest + 2 * width, width)
        ax.hist(
            pulls, bins=bins.tolist(), color=PLAYER_COLOURS[NETWORK], alpha=0.75, edgecolor="white", label="networks"
        )
        _mark_yardsticks(ax, rows, ax.axvline)
        ax.set(xlim=(-width, bins[-1]), xlabel="trials of exploration")
        ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    _finish(figure, "networks")


def draw_cell_development(tree: xr.DataTree, figure: Figure) -> None:
    """Pulls under the probe at checkpoints of training, for every network and on average, for every cell."""
    table = development_table(tree)
    for cell, ax in enumerate(_panels(tree, figure)):
        rows = table[table.cell == cell]
        networks = rows[rows.who == NETWORK].astype({"step": int})
        color = PLAYER_COLOURS[NETWORK]
        for seed, (_, course) in enumerate(networks.groupby("training_seed")):
            label = "" if seed else "each network"
            ax.plot(course.step, course.estimate, color=color, linewidth=0.7, alpha=0.5, label=label)
        mean = networks.groupby("step").estimate.mean()
        ax.plot(mean.index, mean, color=color, linewidth=2.2, marker="o", markersize=3, label="mean of networks")
        _mark_yardsticks(ax, rows, ax.axhline)
        ax.set(xlabel="training step", ylim=(0, None))
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    _finish(figure, "exploration, trials")


def _mark_yardsticks(ax: Axes, rows: pd.DataFrame, draw: Any) -> None:
    """A line for each yardstick; the sequential optimum's mean among them."""
    for who, name in _NAMES.items():
        (value,) = rows.estimate[rows.who == who]
        draw(value, **(_line(who) | {"linewidth": 1.5}), label=name)


def _line(who: str) -> dict[str, Any]:
    return {"color": PLAYER_COLOURS[who], "linestyle": PLAYER_DASHES[who]}


def _panels(tree: xr.DataTree, figure: Figure) -> list[Axes]:
    """Axes for every cell, with its name."""
    names = cell_names(tree)
    num_columns = min(MOST_COLUMNS, len(names))
    panels = figure.subplots(_num_rows(len(names)), num_columns, squeeze=False)
    for ax in panels.flat[len(names) :]:
        ax.set_axis_off()
    used = list(panels.flat[: len(names)])
    for ax, name in zip(used, names, strict=True):
        ax.set_title(name, fontsize=9)
    return used


def _finish(figure: Figure, ylabel: str) -> None:
    """A label per row, and one legend for all panels."""
    panels = [ax for ax in figure.axes if ax.axison]
    for ax in panels:
        place = ax.get_subplotspec()
        if place is not None and place.is_first_col():
            ax.set_ylabel(ylabel)
    handles, labels = panels[0].get_legend_handles_labels()
    num_columns = 2 if len(labels) == 4 else 3
    figure.legend(handles, labels, loc="outside upper left", ncols=num_columns, frameon=False, handlelength=2.6)


def _num_rows(num_panels: int) -> int:
    return -(-num_panels // MOST_COLUMNS)


FEWEST_SEEDS = 5
"""With fewer training seeds there is no histogram over them."""


def _shows_values(tree: xr.DataTree) -> bool:
    return has_networks(tree) and has_few_cells(tree)


def _shows_cells_over_training(tree: xr.DataTree) -> bool:
    return "development" in tree.children and has_few_cells(tree)


def _shows_seeds(tree: xr.DataTree) -> bool:
    return _shows_values(tree) and tree["networks"].sizes["training_seed"] >= FEWEST_SEEDS


def _values_caption(tree: xr.DataTree) -> str:
    return (
        "What it is worth to explore for so many trials and then commit, by the correct and by the printed formula; "
        "diamonds are their optima. Horizontal: the sequential optimum (black), and the mean of the networks with its "
        "95 % interval; a dot is one network, at its mean number of pulls where the uncertain arm's mean is the "
        "prior's. Look at how far below the black line the networks are, at whether they beat the best commit policy, "
        "and for a gap between networks that never explore and the others."
    )


def _seeds_caption(tree: xr.DataTree) -> str:
    return (
        f"{_PROBE}; a bar counts networks, of {_seeds(tree)}. Lines: the optima of the two formulas, and the mean of "
        "the sequential optimum. Look for two humps, one at 0: networks that never learn although others of the same "
        "setting do."
    )


def _cell_development_caption(tree: xr.DataTree) -> str:
    return (
        f"{_PROBE}, at checkpoints of training. Lines without dots are single networks, of {_seeds(tree)}. Look for "
        "networks that fall to 0 and stay there, and for whether the mean still moves at the end."
    )


def value_table(tree: xr.DataTree) -> pd.DataFrame:
    """What so many trials of exploration are worth before committing, by two formulas; and what policies earn.

    `trials` is missing for the sequential optimum and for the networks' mean, which has an interval over seeds; the
    row of a single network has its mean pulls under the probe instead.
    """
    theory, networks = tree["theory"].to_dataset(), tree["networks"].to_dataset()
    rows: list[dict[str, object]] = []
    for cell, place in enumerate(_places(tree).itertuples()):
        where = {"cell": cell, **{name: getattr(place, name) for name in _PLACE}}
        trials = np.arange(int(where["lifetime"]) + 1)
        for who, value_of in ((COMMIT, commit_value), (PRINTED, printed_commit_value)):
            values = value_of(trials, **{name: where[name] for name in _PLACE})
            rows += [{**where, "who": who, "trials": n, "estimate": v} for n, v in zip(trials, values, strict=True)]
        best = float(theory["sequential_value"][cell])
        rows.append({**where, "who": SEQUENTIAL, "estimate": best})
        values = best - networks["shortfall"].isel(cell=cell).to_numpy()
        error = float(networks["shortfall_error"].isel(cell=cell).mean())
        rows.append({**where, "who": NETWORK, **t_interval(values, error)._asdict()})
        pulls = networks["probe_pulls"].isel(cell=cell).mean("probe").to_numpy()
        rows += [
            {**where, "who": NETWORK, "training_seed": seed, "trials": n, "estimate": v}
            for seed, (n, v) in enumerate(zip(pulls, values, strict=True))
        ]
    table = concatenate([pd.DataFrame(rows)]).assign(unit="rewards per lifetime")
    return table[["cell", *_PLACE, "who", "training_seed", "trials", "estimate", "lower", "upper", "unit"]]


def seed_table(tree: xr.DataTree) -> pd.DataFrame:
    """How often each network pulls the uncertain arm under the probe, on average, and the three yardsticks."""
    pulls = tree["networks"].dataset["probe_pulls"].mean("probe")
    networks = pulls.rename("estimate").to_dataset().reset_coords(drop=True).to_dataframe().reset_index()
    tables = [networks.assign(who=NETWORK)]
    tables += [_yardsticks(tree)]
    table = concatenate(tables).assign(unit="trials")
    return _placed(tree, table)[["cell", *_PLACE, "who", "training_seed", "estimate", "unit"]]


def development_table(tree: xr.DataTree) -> pd.DataFrame:
    """How often each network pulls the uncertain arm under the probe at checkpoints, and the three yardsticks."""
    pulls = tree["development"].dataset["probe_pulls"].rename("estimate").reset_coords(drop=True)
    networks = pulls.to_dataset().to_dataframe().reset_index()
    tables = [networks.assign(who=NETWORK), _yardsticks(tree).assign(step=pd.NA)]
    table = concatenate([part.astype({"step": "Int64"}) for part in tables]).assign(unit="trials")
    return _placed(tree, table)[["cell", *_PLACE, "who", "training_seed", "step", "estimate", "unit"]]


def _yardsticks(tree: xr.DataTree) -> pd.DataFrame:
    theory = tree["theory"].to_dataset()
    tables = [
        pd.DataFrame({"cell": range(theory.sizes["cell"]), "who": who, "estimate": theory[column].to_numpy()})
        for who, column in YARDSTICKS.items()
    ]
    return pd.concat(tables, ignore_index=True)


def _placed(tree: xr.DataTree, table: pd.DataFrame) -> pd.DataFrame:
    """The table with the place of every row's cell."""
    return table.merge(_places(tree), left_on="cell", right_index=True, how="left")
