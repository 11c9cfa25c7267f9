"""Which figures the report of a comparison of predictions shows: titles, captions, alternative texts and tables."""

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from comparisons import figure_tables as tables
from comparisons import figures
from comparisons.figure_style import legend_entries
from comparisons.measures import over
from comparisons.report_figures import ReportFigure, fixed, has_group
from comparisons.wording import number


def _draw_examples(tree: xr.DataTree, figure: Figure) -> None:
    num_tasks = min(tables.NUM_EXAMPLES, tree["observed_data"].sizes["task"])
    panels = figure.subplots(1, num_tasks, sharey=True, squeeze=False)[0]
    for task, ax in enumerate(panels):
        figures.plot_predictions(tree, task=task, ax=ax)
        legend = ax.get_legend()
        assert legend is not None
        legend.remove()
        ax.label_outer(remove_inner_ticks=False)
    handles, labels = legend_entries(panels[0])
    figure.legend(handles, labels, loc="outside upper left", ncols=len(labels), frameon=False)


def _examples_table(tree: xr.DataTree) -> pd.DataFrame:
    return tables.predictions_table(tree, num_tasks=tables.NUM_EXAMPLES)


def _length(tree: xr.DataTree) -> int:
    return int(tree.attrs["length"])


def _over(tree: xr.DataTree) -> str:
    return over(tree["network"].sizes["training_seed"])


def _beyond(tree: xr.DataTree) -> str:
    if tree["network"].sizes["time"] <= _length(tree):
        return ""
    return (
        f" Right of the dotted line: beyond the {_length(tree)} observations that are scored, and that networks "
        "meta-trained by bayesgauge were trained on."
    )


def _kl_caption(tree: xr.DataTree) -> str:
    curve = (
        tree["curves"].dataset["kl_divergence"].sel(predictor="network", bound="estimate").to_numpy()[: _length(tree)]
    )
    worst = int(np.argmax(curve))
    return (
        "Lower is better; 0 is Bayes-optimal. Look at the distance between the network and the floors, and at where "
        f"it is smallest: within {_length(tree)} observations the network is worst at t = {worst} "
        f"({number(curve[worst])} nats).{_beyond(tree)} Bands: 95 % intervals over {_over(tree)}. A value of 0, as of "
        "the prior predictive at t = 0, is below a logarithmic axis and not drawn."
    )


def _examples_caption(tree: xr.DataTree) -> str:
    if tables.has_finite_outcomes(tree):
        last = int(tree["observed_data"].dataset["observations"].max())
        what = f"the probability of outcome {last}; a dot at 1 is that outcome, a dot at 0 another"
    else:
        what = "the median of the prediction; dots are what was then observed"
    return f"The first tasks of the evaluation, not selected. Lines: {what}. Look for where the lines part."


def _convergence_caption(tree: xr.DataTree) -> str:
    last = tree["convergence"].dataset["kl_divergence"].isel(step=-1).mean("task").to_numpy()
    num_tasks = tree["convergence"].sizes["task"]
    return (
        "How far the network was from Bayes at each checkpoint. Look at whether it still falls at the end, and whether "
        f"training seeds agree: they end at {', '.join(number(v) for v in last)} nats/step. Horizontal lines: floors. "
        f"Bands: 95 % intervals over {num_tasks:,} tasks."
    )


def _calibration_caption(tree: xr.DataTree) -> str:
    num_tasks = tree["calibration"].sizes["task"]
    return (
        "How often what is said to happen with a probability happens, less that probability. Bayes is calibrated: its "
        "points show the noise to expect. Look for points of the network whose interval misses 0 where that of Bayes "
        f"does not. Bars: 95 % intervals over {num_tasks:,} tasks; bins that fewer than "
        f"{figures.MIN_CALIBRATION_TASKS} of them fall into are left out."
    )


def _regret_caption(tree: xr.DataTree) -> str:
    return (
        "Log loss above that of an oracle that knows each task's latents, added up. Bayes pays the least that can be "
        "paid for learning them, so its line is the best there is. Look for where the network leaves it."
        f"{_beyond(tree)} Bands: 95 % intervals over {_over(tree)}."
    )


def _order_caption(tree: xr.DataTree) -> str:
    orders = tree["order_cost"].dataset["num_orders"].to_numpy() if "num_orders" in tree["order_cost"] else ()
    averaged = f" Orders averaged: {', '.join(str(n) for n in orders)}." if len(orders) else ""
    return (
        "The same observations in another order carry the same information. The order cost is the part of the mean KL "
        "that comes from treating orders differently; look at its share and at how it grows with the history."
        f"{averaged} Bars: 95 % intervals over {_over(tree)}."
    )


def _certificate_caption(tree: xr.DataTree) -> str:
    group = tree["certificate"].to_dataset()
    seed = int(group["worst_kl"].to_numpy().argmax())
    one = group.isel(training_seed=seed)
    history = " ".join(str(outcome) for outcome in one["worst_history"].to_numpy()[: int(one["worst_length"])])
    after = f"after {history}" if history else "before any observation"
    summed = f"{int(group.attrs['num_histories']):,} " if "num_histories" in group.attrs else ""
    which = f" (training seed {seed})" if group.sizes["training_seed"] > 1 else ""
    return (
        f"The line has no sampling error: it sums over all {summed}histories. Circles are estimated from sampled "
        "tasks, with 95 % intervals over them (often smaller than a circle): look at whether they lie on it. Worst "
        f"history{which}: {after}, probability {number(float(one['worst_probability']))}; there the network is "
        f"{number(float(one['worst_kl']))} nats from Bayes."
    )


PREDICTION_FIGURES = (
    ReportFigure(
        name="kl_by_time",
        title="KL from Bayes at each prediction",
        is_available=has_group("curves"),
        height=fixed(4.0),
        draw=lambda tree, figure: figures.plot_kl_by_time(tree, ax=figure.add_subplot()),
        table=tables.kl_by_time_table,
        alt="Line chart, logarithmic: KL from Bayes in nats against the number of observations seen, for the network "
        "with an interval band and for the floors.",
        caption=_kl_caption,
    ),
    ReportFigure(
        name="predictions",
        title="What Bayes and the network predict",
        is_available=has_group("observed_data"),
        height=fixed(2.9),
        draw=_draw_examples,
        table=_examples_table,
        alt="Small line charts, one per example task: the predictions of Bayes and of the network against the number "
        "of observations seen, with the observations as dots.",
        caption=_examples_caption,
    ),
    ReportFigure(
        name="convergence",
        title="Convergence to Bayes during training",
        is_available=has_group("convergence"),
        height=fixed(3.8),
        draw=lambda tree, figure: figures.plot_convergence(tree, ax=figure.add_subplot()),
        table=tables.convergence_table,
        alt="Line chart, both axes logarithmic: the network's mean KL from Bayes in nats per step against training "
        "steps, a line per training seed, with the floors as horizontal lines.",
        caption=_convergence_caption,
    ),
    ReportFigure(
        name="calibration",
        title="Calibration",
        is_available=has_group("calibration"),
        height=fixed(3.3),
        draw=lambda tree, figure: figures.plot_calibration(tree, ax=figure.add_subplot()),
        table=tables.calibration_table,
        alt="Points with interval bars: observed minus stated frequency against stated probability, Bayes beside the "
        "network, around a horizontal line at 0.",
        caption=_calibration_caption,
    ),
    ReportFigure(
        name="regret",
        title="Cumulative regret to the oracle",
        is_available=has_group("curves"),
        height=fixed(4.0),
        draw=lambda tree, figure: figures.plot_regret(tree, ax=figure.add_subplot()),
        table=tables.regret_table,
        alt="Line chart, both axes logarithmic: cumulative regret in nats against observations predicted, for Bayes, "
        "the network and the floors.",
        caption=_regret_caption,
    ),
    ReportFigure(
        name="order_cost",
        title="What the order of observations costs",
        is_available=has_group("order_cost"),
        height=fixed(3.0),
        draw=lambda tree, figure: figures.plot_order_cost(tree, ax=figure.add_subplot()),
        table=tables.order_cost_table,
        alt="Bar chart with intervals: mean KL over orders beside the order cost, in nats, for three lengths of "
        "history.",
        caption=_order_caption,
    ),
    ReportFigure(
        name="certificate",
        title="Certificate: the exact sum over all histories",
        is_available=has_group("certificate"),
        height=fixed(3.6),
        draw=lambda tree, figure: figures.plot_certificate(tree, ax=figure.add_subplot()),
        table=tables.certificate_table,
        alt="Line chart, logarithmic: exact KL from Bayes in nats against the number of observations seen, with "
        "sampled estimates as circles over it.",
        caption=_certificate_caption,
    ),
)
"""All figures, in the order of the report."""
