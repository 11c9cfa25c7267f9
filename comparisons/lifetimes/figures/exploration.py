"""Exploration by three references and by networks over the map, with the learning thresholds."""

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.kind import Figure
from comparisons.lifetimes.figures.maps import (
    LEAST_EXPLORATION,
    TITLES,
    draw_maps,
    edges_of,
    exploration_norm,
    hatched,
    height_of_maps,
    of_cells,
)
from comparisons.lifetimes.figures.marks import PROBE, seeds_of
from comparisons.lifetimes.grid import PLACE, forms_grids
from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK, PRINTED, REFERENCES
from comparisons.lifetimes.regimes import THRESHOLD
from comparisons.report.findings import of_ranges


def table(tree: xr.DataTree) -> pd.DataFrame:
    """Return the pulls of the unknown arm in probe tasks, by each reference and the networks; then the thresholds.

    Networks, where there are any, are means over training seeds. Rows whose `quantity` is "edge" have the learning
    threshold, a prior scale, as their `estimate`. That of the networks is the scale above which more than half of them
    learn; it is NaN where it is off the map or all networks of a cell of the row diverged.
    """
    theory = tree["theory"].to_dataset()
    shown = {who: theory[REFERENCES[who]].to_numpy() for who in (PRINTED, COMMIT, BAYES)}
    if "networks" in tree.children:
        shown[NETWORK] = tree["curves"].dataset["probe_pulls"].to_numpy()
    tables = [of_cells(tree, who, values) for who, values in shown.items()]
    exploration = pd.concat(tables, ignore_index=True).assign(quantity="exploration", unit="trials")
    table = pd.concat([exploration, edges_of(tree)], ignore_index=True)
    return table[["quantity", "who", *PLACE, "estimate", "unit"]]


def draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a map per player with all thresholds over each, and one legend."""
    trials, edges = table[table.quantity == "exploration"], table[table.quantity == "edge"]
    shown = [(title, trials[trials.who == who]) for who, title in TITLES.items() if (trials.who == who).any()]
    draw_maps(figure, shown, edges, exploration_norm(trials.estimate), "exploration, trials")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=2, frameon=False, handlelength=2.6)


def caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return the caption."""
    exact = (
        "The learning threshold of the Bayes-optimal policy is interpolated, to half a per cent; the other two are "
        "exact. The printed formula uses the variance of the posterior instead of the sampling variance of its mean, "
        "and underestimates the value of exploring."
    )
    white = f"White means less than {LEAST_EXPLORATION:g} trials."
    if "networks" not in tree.children:
        return (
            f"{PROBE}. Colour shows it for the Bayes-optimal policy; for the other two policies it shows the trials "
            f"before committing. {white} Look at the settings between the thresholds, where the policies disagree on "
            "whether learning pays, and at how much more the Bayes-optimal policy explores than the best "
            f"explore-then-commit policy. {exact}"
        )
    return (
        f"{PROBE}. Colour shows it for networks (mean over {seeds_of(tree)}) and for the Bayes-optimal policy; for the "
        f"other two policies it shows the trials before committing. {white} Look at where the white region of the "
        "networks ends, beside the learning thresholds, and at how much the networks explore above it. Networks count "
        f"as learning above {THRESHOLD:g} pull. At small reward scales one pull is enough to learn, so there their "
        f"threshold lies above the others. {exact}{hatched(table)}"
    )


FIGURE = Figure(
    name="exploration",
    title="Exploration, and where learning begins",
    alt="Heat maps, one row per lifetime, show trials of exploration by reward scale (x) and prior scale (y) for the "
    "printed formula, the best explore-then-commit policy, the Bayes-optimal policy and, if there are any, the "
    "networks. Lines mark the learning threshold of each.",
    table=table,
    draw=draw,
    caption=caption,
    finding=lambda tree, table: of_ranges(table[table.quantity == "exploration"], "who", "trials of exploration"),
    shows=(
        "regime_agreement",
        "boundary_log_ratio",
        "largest_excess",
        "learning_count",
        "longest_exploration",
        "pulls_correlation",
        "pulls_correlation_difference",
    ),
    is_shown=forms_grids,
    height=lambda table: 0.3 + height_of_maps(table),
)
