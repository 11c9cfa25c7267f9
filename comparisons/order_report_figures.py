"""Which figures the report of an order of learning shows: titles, captions, alternative texts and tables."""

from collections.abc import Callable

import xarray as xr

from comparisons.concurrency import LEVEL, MARGIN
from comparisons.order_figures import (
    draw_lines,
    draw_panels,
    draw_scores,
    height_of,
    height_of_lines,
    height_of_scores,
)
from comparisons.order_panels import (
    Panels,
    curve_rows,
    has_curves,
    learner_panels,
    order_panels,
    out_of_distribution_panels,
    outer_panels,
    score_table,
    table_of,
)
from comparisons.report_figures import ReportFigure

_COLOURS = "A colour per mode, the strongest (or first) the darkest; dotted: one half. Bands: 95 % intervals."
_LOGARITHM = "Logarithmic axes begin shortly before the first mode rises; the files have all records."
_BAYES = "Wide dashes in the same colours: exact Bayes on the same tasks."


def _order_caption(tree: xr.DataTree) -> str:
    return (
        "Recovery of each mode: 0 is nothing, 1 all of it. A gradient learner is shown in its own steps, the network "
        f"in what it has seen of a task. {_COLOURS} {_BAYES} {_LOGARITHM} Look at whether the colours fan out, one "
        "mode waiting for another, or rise in one bundle, and at how far the bundle is from its dashes. Bayes fans "
        "out too where its prior tells modes apart."
    )


def _learner_caption(tree: xr.DataTree) -> str:
    return (
        "All gradient learners, controls that lack what is thought to separate modes, and the untrained network. "
        f"{_COLOURS} {_LOGARITHM} Look at whether every learner keeps the order, dark before light, and whether "
        "controls lose it; scales of time differ."
    )


def _out_of_distribution_caption(tree: xr.DataTree) -> str:
    return (
        "The network on tasks unlike those of its training, as larger or longer ones, beside Bayes with the prior of "
        "training. "
        f"{_COLOURS} {_BAYES} Look for modes that the network fails to recover although Bayes does, and for those "
        "that neither expresses, which the prior rules out."
    )


def _outer_caption(tree: xr.DataTree) -> str:
    return (
        "What the network recovers within a task, in the time that a panel names, at checkpoints of its meta-training; "
        f"step 0 is not on a logarithmic axis. {_COLOURS} Look at whether modes that are learned together within a "
        "task were acquired together over training, and if not, which came first."
    )


def _score_caption(tree: xr.DataTree) -> str:
    undefined = [
        f"{row.variant}: {row.system}" for row in score_table(tree).itertuples() if row.estimate != row.estimate
    ]
    where = f" Undefined, where the poles cannot be told apart or are not passed: {'; '.join(undefined)}." * bool(
        undefined
    )
    return (
        f"The score c of every system, with {100 * LEVEL:g} % intervals: 0 is the path of Bayes, 1 strictly one mode "
        f"after another, below 0 an order against it. Shaded, ±{MARGIN:g}: as Bayes, if the whole interval lies in it. "
        f"Look at whether networks lie in the band and gradient learners right of it.{where}"
    )


def _accuracy_caption(tree: xr.DataTree) -> str:
    return (
        "How often the action is correct, by trial. The first trial is chance, the floor; the ceiling is the exact "
        "Bayesian learner, dashed. Look for plateaus, and at the distance from the dashes. Bands: 95 % intervals."
    )


def _divergence_caption(tree: xr.DataTree) -> str:
    return (
        "KL from Bayes' predictions, on a logarithmic axis: 0, Bayes itself, is off its lower end; the floor is a "
        "predictor that learns nothing. Look at when in a task the network is farthest from Bayes. Bands: 95 % "
        "intervals."
    )


def _of_panels(
    panels_of: Callable[[xr.DataTree], Panels],
    num_columns: int,
    *,
    name: str,
    title: str,
    alt: str,
    caption: Callable[[xr.DataTree], str],
) -> ReportFigure:
    """A figure of recoveries in panels."""
    return ReportFigure(
        name=name,
        title=title,
        is_available=lambda tree: "curves" in tree.children and bool(panels_of(tree)),
        height=lambda tree: height_of(panels_of(tree), num_columns),
        draw=lambda tree, figure: draw_panels(figure, panels_of(tree), num_columns),
        table=lambda tree: table_of(panels_of(tree)),
        alt=alt,
        caption=caption,
    )


def _of_lines(kind: str, *, title: str, alt: str, caption: Callable[[xr.DataTree], str]) -> ReportFigure:
    """A figure of curves that have no modes."""
    return ReportFigure(
        name=kind,
        title=title,
        is_available=has_curves(kind),
        height=lambda tree: height_of_lines(tree, kind),
        draw=lambda tree, figure: draw_lines(tree, figure, kind),
        table=lambda tree: curve_rows(tree, kind).drop(columns=["mode", "mode_label"]),
        alt=alt,
        caption=caption,
    )


ORDER_FIGURES = (
    _of_panels(
        order_panels,
        3,
        name="order",
        title="The order of learning: gradient learners and the network",
        alt="Line charts in rows, one row per variant: recovery of each mode from 0 to 1 against time, first for "
        "gradient learners in steps, then for the network with Bayes as dashed lines.",
        caption=_order_caption,
    ),
    ReportFigure(
        name="concurrency",
        title="One score for the order",
        is_available=lambda tree: len(score_table(tree)) > 0,
        height=height_of_scores,
        draw=draw_scores,
        table=score_table,
        alt="Dot chart with interval bars: the concurrency score of every system, grouped by variant, with vertical "
        "lines at 0 for Bayes and at 1 for one mode after another, and a shaded band of equivalence around 0.",
        caption=_score_caption,
    ),
    _of_panels(
        learner_panels,
        3,
        name="learners",
        title="All learners and controls",
        alt="Small line charts, one per learner or control: recovery of each mode from 0 to 1 against gradient steps.",
        caption=_learner_caption,
    ),
    _of_panels(
        out_of_distribution_panels,
        2,
        name="out_of_distribution",
        title="Under other conditions, out of distribution among them",
        alt="Line charts, one per condition: recovery of each mode by the network against time on tasks unlike those "
        "of training, with Bayes as dashed lines.",
        caption=_out_of_distribution_caption,
    ),
    _of_panels(
        outer_panels,
        2,
        name="outer",
        title="Over meta-training",
        alt="Line charts, time logarithmic: recovery of each mode in a given time within a task, against steps of "
        "meta-training.",
        caption=_outer_caption,
    ),
    _of_lines(
        "accuracy",
        title="Accuracy by trial",
        alt="Line charts: accuracy in percent against the trial, for the network with an interval band and for Bayes "
        "as a dashed line.",
        caption=_accuracy_caption,
    ),
    _of_lines(
        "divergence",
        title="Distance of predictions from Bayes",
        alt="Line charts, logarithmic: KL divergence from Bayes in nats per number predicted against time, for the "
        "network with an interval band and for predictors that learn nothing.",
        caption=_divergence_caption,
    ),
)
"""All figures, in the order of the report."""
