"""Which figures the report of foraging networks shows: titles, captions, alternative texts and tables."""

import xarray as xr

from comparisons import foraging_figures as figures
from comparisons import foraging_paper as paper
from comparisons import foraging_tables as tables
from comparisons.measures import over
from comparisons.report_figures import ReportFigure, fixed, has_group


def _bars(tree: xr.DataTree) -> str:
    networks = tree["networks"]
    return f"Bars: 95 % intervals over {networks.sizes['task']:,} {over(networks.sizes['training_seed'])}."


def _beside_paper(tree: xr.DataTree, figure: str) -> str:
    if not tables.is_paper_family(tree):
        return ""
    return f" Blue diamonds: the networks of Lange & Sprekeler 2020, {figure}."


def _return_caption(tree: xr.DataTree) -> str:
    longest = tables.longest_lifetime(tree)
    return (
        f"All networks live {longest} steps here, whatever they were trained for. Look for the lifetimes from which "
        "the medium and then the high goal are used, and for the distance from the exact optimum (black) that is "
        f"left.{_beside_paper(tree, 'figure 5, medians read off the picture (±0.5, counts ±0.3)')} Policies that use "
        f"small and medium goals in other numbers can be as good: the black lines are of one optimum. {_bars(tree)}"
    )


def _transfer_caption(tree: xr.DataTree) -> str:
    others = ", ".join(
        f"{train} in {test} {value:g}"
        for (train, test), value in paper.TRANSFERS.items()
        if tables.is_paper_family(tree)
    )
    known = f" Off it, the paper's networks earn (trained for … in …): {others}." * bool(others)
    return (
        "Left: what networks earn in every lifetime, in their own in bold. Right: in their own, beside what is "
        f"possible.{_beside_paper(tree, 'figure 6, read off the picture (±0.01)')}{known} Look along a column for what "
        f"training for another lifetime costs. {_bars(tree)}"
    )


def _occupancy_caption(tree: xr.DataTree) -> str:
    return (
        f"Where steps of {tables.longest_lifetime(tree)} are begun, all tasks and training seeds together; the scale "
        "is stretched for small shares. S: the start, where every goal leads. 1: the small goal. Blue and yellow "
        "frames: where the medium and the high goal may be. Look for how far from the start networks go, and for "
        "where the optimum goes that they do not."
    )


def _course_caption(tree: xr.DataTree) -> str:
    ends = " Diamonds on the right: where the paper's networks end (figure 4, ±2)." * tables.is_paper_family(tree)
    return (
        f"Tested in {tables.longest_lifetime(tree)} steps at checkpoints of training.{ends} Look for the plateau of "
        "the small goal, which is left or not, and for whether the last points still rise. Bands: 95 % intervals over "
        f"{tree['course'].sizes['course_task']:,} {over(tree['course'].sizes['training_seed'])}."
    )


def _entropy_caption(tree: xr.DataTree) -> str:
    return (
        "Mean entropy of the choice at every step; ln 2 = 0.69 is a free choice between two ways. The optimum's "
        "choices are free wherever ways are equally good. Look for networks that stay undecided when the optimum is "
        "not, and for a rise near the end."
    )


def _state_caption(tree: xr.DataTree) -> str:
    return (
        "Above: in how many dimensions hidden states spread, and the share of their variance along the first three "
        f"principal components.{_beside_paper(tree, 'figure 9, printed numbers of one network each')} The paper's "
        "networks have 256 units, so compare how it grows. Below: states in the first two components, of "
        f"{tree['states'].sizes['shown_task']} lifetimes of the first training seed, dark to light from the first step "
        "to the last. Bars: normal 95 % intervals over tasks and training seeds."
    )


def _rows_of_maps(tree: xr.DataTree) -> int:
    return -(-(len(tables.mapped_lifetimes(tree)) + 1) // 3)


FORAGING_FIGURES = (
    ReportFigure(
        name="returns",
        title="What lifetimes of training do to returns and goals",
        is_available=has_group("measures"),
        height=fixed(5.2),
        draw=figures.draw_returns,
        table=tables.return_table,
        alt="Four charts against the training lifetime: return, and entries of the small, the medium and the high "
        "goal, of networks with interval bars, of the paper's networks, and of the exact optimum as a line.",
        caption=_return_caption,
    ),
    ReportFigure(
        name="transfer",
        title="Every lifetime in every other",
        is_available=has_group("measures"),
        height=fixed(4.1),
        draw=figures.draw_transfer,
        table=tables.transfer_table,
        alt="Left, a heat map of rewards per step by training lifetime and tested lifetime. Right, its diagonal "
        "against the lifetime, between the small goal and full information.",
        caption=_transfer_caption,
    ),
    ReportFigure(
        name="occupancy",
        title="Where steps are spent",
        is_available=has_group("behaviour"),
        height=lambda tree: 2.3 * _rows_of_maps(tree),
        draw=figures.draw_occupancy,
        table=tables.occupancy_table,
        alt="Maps of the grid, one per training lifetime and one of the exact optimum, coloured by the share of steps "
        "in each cell.",
        caption=_occupancy_caption,
    ),
    ReportFigure(
        name="course",
        title="Over training",
        is_available=has_group("curves"),
        height=fixed(3.6),
        draw=figures.draw_course,
        table=tables.course_table,
        alt="Line chart: return in the longest lifetime against the lifetimes seen in training, a line per training "
        "lifetime, with horizontal lines for the exact optimum, the small goal and untrained networks.",
        caption=_course_caption,
    ),
    ReportFigure(
        name="entropy",
        title="How undecided networks are",
        is_available=has_group("behaviour"),
        height=fixed(2.4),
        draw=figures.draw_entropy,
        table=tables.entropy_table,
        alt="Small line charts, one per training lifetime: entropy of the choice by step, beside that of the exact "
        "optimum.",
        caption=_entropy_caption,
    ),
    ReportFigure(
        name="states",
        title="In how many dimensions hidden states spread",
        is_available=has_group("states"),
        height=fixed(5.4),
        draw=figures.draw_states,
        table=tables.state_table,
        alt="Above, participation ratio and share of variance in three components against the training lifetime. "
        "Below, scatter plots of hidden states in two components, coloured by step.",
        caption=_state_caption,
    ),
)
"""All figures, in the order of the report."""
