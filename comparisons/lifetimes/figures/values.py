"""The value of exploring in single settings, beside the rewards of networks."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from bayesopt.planning.exploration import commit_value, printed_commit_value
from comparisons.kind import Figure
from comparisons.lifetimes.figures.cells import NAMES, finish_panels, height_of_cells, panels_of
from comparisons.lifetimes.figures.marks import PLAYER_COLOURS, line_of
from comparisons.lifetimes.grid import PLACE, cells_of, has_few_cells
from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK, PRINTED
from comparisons.report.findings import of_marks
from comparisons.report.points import concatenate
from comparisons.report.style import BAND
from comparisons.statistics.intervals import t_interval

_SHOWN_SHARE = 0.6
"""Share of the trials of a lifetime that is shown: no policy explores longer, and values only fall beyond."""


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the value of each number of trials of exploration, by two formulas, and the rewards of policies.

    `trials` is missing for the Bayes-optimal policy and for the networks' mean, which has an interval over training
    seeds; in the row of a single network it is its mean number of pulls in probe tasks.
    """
    theory, networks = tree["theory"].to_dataset(), tree["networks"].to_dataset()
    rows: list[dict[str, object]] = []
    for cell, place in enumerate(cells_of(theory).itertuples()):
        where = {"cell": cell, **{name: getattr(place, name) for name in PLACE}}
        trials = np.arange(int(where["lifetime"]) + 1)
        for who, value_of in ((COMMIT, commit_value), (PRINTED, printed_commit_value)):
            values = value_of(trials, **{name: where[name] for name in PLACE})
            rows += [{**where, "who": who, "trials": n, "estimate": v} for n, v in zip(trials, values, strict=True)]
        best = float(theory["sequential_value"][cell])
        rows.append({**where, "who": BAYES, "estimate": best})
        values = best - networks["shortfall"].isel(cell=cell).to_numpy()
        error = float(networks["shortfall_error"].isel(cell=cell).mean())
        rows.append({**where, "who": NETWORK, **t_interval(values, error)._asdict()})
        pulls = networks["probe_pulls"].isel(cell=cell).mean("probe").to_numpy()
        rows += [
            {**where, "who": NETWORK, "training_seed": seed, "trials": n, "estimate": v}
            for seed, (n, v) in enumerate(zip(pulls, values, strict=True))
        ]
    table = concatenate([pd.DataFrame(rows)]).assign(unit="rewards per lifetime")
    return table[["cell", *PLACE, "who", "training_seed", "trials", "estimate", "lower", "upper", "unit"]]


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw the values of committing after each number of trials, the Bayes-optimal value and the networks' rewards."""
    for cell, ax in enumerate(panels_of(tree, figure, share_y=False)):
        rows = table[table.cell == cell]
        last = _SHOWN_SHARE * rows.lifetime.iloc[0]
        ax.axhline(0, color="#404040", linewidth=0.6)
        for who in (COMMIT, PRINTED):
            curve = rows[(rows.who == who) & (rows.trials <= last)]
            ax.plot(curve.trials, curve.estimate, **line_of(who), label=NAMES[who])
            best = curve.loc[curve.estimate.idxmax()]
            ax.plot(best.trials, best.estimate, "D", color=PLAYER_COLOURS[who], markersize=5, zorder=3)
        (best,) = rows[rows.who == BAYES].estimate
        ax.axhline(best, **line_of(BAYES), label=NAMES[BAYES])
        network = rows[rows.who == NETWORK]
        mean, seeds = network[network.training_seed.isna()].iloc[0], network[network.training_seed.notna()]
        color = PLAYER_COLOURS[NETWORK]
        ax.axhline(mean.estimate, color=color, linewidth=1.4, label="networks: mean and interval; dots, each")
        if np.isfinite([mean.lower, mean.upper]).all():
            ax.axhspan(mean.lower, mean.upper, color=color, alpha=BAND, linewidth=0)
        ax.plot(seeds.trials, seeds.estimate, "o", color=color, markersize=3.2, alpha=0.55, markeredgewidth=0)
        ax.set(xlim=(-0.02 * last, last), xlabel="trials of exploration")
    finish_panels(figure, "rewards per lifetime")


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    return (
        "Expected rewards of exploring for n trials and then committing, by the correct and by the printed formula; "
        "diamonds mark the best n. The black line is the value of the Bayes-optimal policy. The other horizontal line "
        "is the mean of the networks with its 95 % interval; each dot is one network, placed at its mean pulls in "
        "probe tasks, in which the unknown arm's mean is the prior mean. Look at the distance of the networks from the "
        "black line, at whether they beat the best explore-then-commit policy, and for a gap between networks that "
        "never explore and the others."
    )


FIGURE = Figure(
    name="values",
    title="The value of exploring",
    alt="Line charts, one per setting, show rewards per lifetime against trials of exploration by the correct and by "
    "the printed formula. Horizontal lines mark the Bayes-optimal policy and the networks' mean; dots are networks.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_marks(
        table[table.trials.isna()], ["reward_scale", "prior_scale", "who"], "rewards per lifetime"
    ),
    shows=("value", "share_of_optimum", "printed_exploring_value", "regret_share"),
    needs=("networks",),
    is_shown=has_few_cells,
    height=height_of_cells,
)
