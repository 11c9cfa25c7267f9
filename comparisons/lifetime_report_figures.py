"""Which figures the report of a map of fixed-arm bandits shows: titles, captions, alternative texts and tables."""

import xarray as xr

from comparisons import lifetime_cell_figures as cells
from comparisons import lifetime_figures as maps
from comparisons import lifetime_tables as tables
from comparisons.lifetime_behaviour_table import behaviour_table
from comparisons.regimes import THRESHOLD
from comparisons.report_figures import ReportFigure, has_group

FEWEST_SEEDS = 5
"""With fewer training seeds there is no histogram over them."""

_PROBE = "Exploration is the mean number of pulls of the uncertain arm where its mean is the prior's"


def _is_map(tree: xr.DataTree) -> bool:
    return bool(tables.maps_of(tree))


def _is_map_of_networks(tree: xr.DataTree) -> bool:
    return tables.has_networks(tree) and _is_map(tree)


def _shows_values(tree: xr.DataTree) -> bool:
    return tables.has_networks(tree) and tables.has_few_cells(tree)


def _shows_maps_over_training(tree: xr.DataTree) -> bool:
    return "development" in tree.children and not tables.has_few_cells(tree) and bool(tables.maps_of(tree))


def _shows_cells_over_training(tree: xr.DataTree) -> bool:
    return "development" in tree.children and tables.has_few_cells(tree)


def _shows_seeds(tree: xr.DataTree) -> bool:
    return _shows_values(tree) and tree["networks"].sizes["training_seed"] >= FEWEST_SEEDS


def _seeds(tree: xr.DataTree) -> str:
    number = tree["networks"].sizes["training_seed"]
    return "one training seed" if number == 1 else f"{number} training seeds"


def _hatched(tree: xr.DataTree) -> str:
    """What the crosses mean, where there are any."""
    is_empty = tree["curves"].dataset["shortfall"].isnull()
    return " Crossed cells are empty: all their networks diverged." if bool(is_empty.any()) else ""


def _exploration_caption(tree: xr.DataTree) -> str:
    exact = (
        "The edge of the sequential optimum is interpolated, to half a per cent; the others are exact. The printed "
        "formula takes the variance of a posterior for that of its mean, and says too little."
    )
    white = f"white is less than {maps.LEAST_EXPLORATION:g} of a trial"
    if not tables.has_networks(tree):
        return (
            f"{_PROBE} (sequential optimum), or the trials before committing (the other two); {white}. Look for the "
            "settings between the edges, in which theories disagree on whether to learn, and for how much more the "
            f"best of all policies explores than one that commits. {exact}"
        )
    return (
        f"{_PROBE} (networks, mean over {_seeds(tree)}; sequential optimum), or the trials before committing (the "
        f"other two); {white}. Look for where the networks' white region ends, beside the edges from which on each "
        "theory learns, and for how much they explore beyond it. Networks count as learning above "
        f"{THRESHOLD:g} pull, so at the left, where one is enough, their boundary is above the edges. "
        f"{exact}{_hatched(tree)}"
    )


def _regret_caption(tree: xr.DataTree) -> str:
    return (
        f"Regret to the sequential optimum, the best of all policies: of the networks (mean over {_seeds(tree)}) and "
        "of the best policy that explores and then commits. The line is the edge from which on learning pays. Look "
        f"for where the networks lose more than the commit optimum, and for whether it is at the edge.{_hatched(tree)}"
    )


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


def _map_development_caption(tree: xr.DataTree) -> str:
    return (
        f"{_PROBE}, at checkpoints of training, mean over {_seeds(tree)}. Look for exploration everywhere at first, "
        "and for when the white region, where networks have stopped exploring, appears and stops growing."
    )


def _cell_development_caption(tree: xr.DataTree) -> str:
    return (
        f"{_PROBE}, at checkpoints of training. Lines without dots are single networks, of {_seeds(tree)}. Look for "
        "networks that fall to 0 and stay there, and for whether the mean still moves at the end."
    )


def _behaviour_caption(tree: xr.DataTree) -> str:
    return (
        "Single networks in tasks whose better arm is plain, half of them each way; thin lines are networks, thick "
        "ones their means. Below: hidden states of the first network of each setting in its own first two principal "
        "components; dots are the last states of all its lifetimes. Look for entropy that rises and falls while it is "
        "found out which arm is better, and for two places where hidden states end; a network that does not learn has "
        "no entropy, one place, and pulls the worse arm for ever where the uncertain arm is better."
    )


LIFETIME_FIGURES = (
    ReportFigure(
        name="exploration",
        title="How much is explored, and where learning begins",
        is_available=_is_map,
        height=lambda tree: 0.3 + maps.height_of_maps(tree),
        draw=maps.draw_exploration,
        table=tables.exploration_table,
        alt="Heat maps side by side, one row per lifetime: exploration in trials by reward scale and prior scale, of "
        "the printed formula, the commit optimum, the sequential optimum and, where there are any, networks, with the "
        "edges from which on each learns as lines.",
        caption=_exploration_caption,
    ),
    ReportFigure(
        name="regret",
        title="What is lost beside the best policy",
        is_available=_is_map_of_networks,
        height=lambda tree: maps.height_of_maps(tree) + 0.2,
        draw=maps.draw_regret,
        table=tables.map_regret_table,
        alt="Heat maps side by side, one row per lifetime: regret per trial by reward scale and prior scale, of the "
        "networks and of the commit optimum, with the edge from which on learning pays as a line.",
        caption=_regret_caption,
    ),
    ReportFigure(
        name="values",
        title="What exploring is worth",
        is_available=_shows_values,
        height=cells.height_of_cells,
        draw=cells.draw_values,
        table=tables.value_table,
        alt="Line charts, one per setting: rewards per lifetime against trials of exploration by the correct and by "
        "the printed formula, with horizontal lines for the sequential optimum and for the networks' mean, and a dot "
        "per network.",
        caption=_values_caption,
    ),
    ReportFigure(
        name="seeds",
        title="How training seeds explore",
        is_available=_shows_seeds,
        height=cells.height_of_cells,
        draw=cells.draw_seeds,
        table=tables.seed_table,
        alt="Histograms, one per setting: number of networks by their mean exploration in trials, with vertical lines "
        "for the three yardsticks.",
        caption=_seeds_caption,
    ),
    ReportFigure(
        name="map_development",
        title="Over training",
        is_available=_shows_maps_over_training,
        height=lambda tree: maps.height_of_maps(tree) - 0.2,
        draw=maps.draw_map_development,
        table=tables.development_table,
        alt="Heat maps side by side, one per checkpoint of training, one row per lifetime: exploration of the networks "
        "in trials by reward scale and prior scale.",
        caption=_map_development_caption,
    ),
    ReportFigure(
        name="development",
        title="Over training",
        is_available=_shows_cells_over_training,
        height=cells.height_of_cells,
        draw=cells.draw_cell_development,
        table=tables.development_table,
        alt="Line charts, one per setting: exploration in trials against training steps, a thin line per network and "
        "their mean, with horizontal lines for the three yardsticks.",
        caption=_cell_development_caption,
    ),
    ReportFigure(
        name="behaviour",
        title="In the course of a lifetime",
        is_available=has_group("behaviour"),
        height=cells.height_of_behaviour,
        draw=cells.draw_behaviour,
        table=behaviour_table,
        alt="Line charts against the trial, a column per setting: entropy of the choice, share of pulls of the worse "
        "arm and change of the hidden state, by which arm is better; below, hidden states in two principal components "
        "with their ends.",
        caption=_behaviour_caption,
    ),
)
"""All figures, in the order of the report."""
