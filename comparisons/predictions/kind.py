"""How a comparison of predictions is shown: its question, headline, diagnostics and summary."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.claims import Verdict
from comparisons.kind import Diagnostic, Headline, Presentation, ReportFigure, fixed, has_group
from comparisons.predictions.claims import prediction_claims
from comparisons.predictions.figures.calibration import _calibration_caption, calibration_table, plot_calibration
from comparisons.predictions.figures.certificate import _certificate_caption, certificate_table, plot_certificate
from comparisons.predictions.figures.convergence import _convergence_caption, convergence_table, plot_convergence
from comparisons.predictions.figures.examples import _draw_examples, _examples_caption, _examples_table
from comparisons.predictions.figures.kl_by_time import _kl_caption, kl_by_time_table, plot_kl_by_time
from comparisons.predictions.figures.order_cost import _order_caption, order_cost_table, plot_order_cost
from comparisons.predictions.figures.regret import _regret_caption, plot_regret, regret_table
from comparisons.predictions.measures import PREDICTION_VOCABULARY
from comparisons.report.citations import _ORTEGA, MIKULIK, NUMPYRO, PYTORCH
from comparisons.report.words import (
    agreement,
    digits_for,
    number,
    plain_agreement,
    plain_quantity,
    quantity,
    row_of,
    tally,
)

PREDICTION_CITATIONS = (_ORTEGA, MIKULIK, NUMPYRO, PYTORCH)
"""The sources that every comparison of predictions rests on."""


PREDICTION_FIGURES = (
    ReportFigure(
        name="kl_by_time",
        title="KL from Bayes at each prediction",
        is_available=has_group("curves"),
        height=fixed(4.0),
        draw=lambda tree, figure: plot_kl_by_time(tree, ax=figure.add_subplot()),
        table=kl_by_time_table,
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
        draw=lambda tree, figure: plot_convergence(tree, ax=figure.add_subplot()),
        table=convergence_table,
        alt="Line chart, both axes logarithmic: the network's mean KL from Bayes in nats per step against training "
        "steps, a line per training seed, with the floors as horizontal lines.",
        caption=_convergence_caption,
    ),
    ReportFigure(
        name="calibration",
        title="Calibration",
        is_available=has_group("calibration"),
        height=fixed(3.3),
        draw=lambda tree, figure: plot_calibration(tree, ax=figure.add_subplot()),
        table=calibration_table,
        alt="Points with interval bars: observed minus stated frequency against stated probability, Bayes beside the "
        "network, around a horizontal line at 0.",
        caption=_calibration_caption,
    ),
    ReportFigure(
        name="regret",
        title="Cumulative regret to the oracle",
        is_available=has_group("curves"),
        height=fixed(4.0),
        draw=lambda tree, figure: plot_regret(tree, ax=figure.add_subplot()),
        table=regret_table,
        alt="Line chart, both axes logarithmic: cumulative regret in nats against observations predicted, for Bayes, "
        "the network and the floors.",
        caption=_regret_caption,
    ),
    ReportFigure(
        name="order_cost",
        title="What the order of observations costs",
        is_available=has_group("order_cost"),
        height=fixed(3.0),
        draw=lambda tree, figure: plot_order_cost(tree, ax=figure.add_subplot()),
        table=order_cost_table,
        alt="Bar chart with intervals: mean KL over orders beside the order cost, in nats, for three lengths of "
        "history.",
        caption=_order_caption,
    ),
    ReportFigure(
        name="certificate",
        title="Certificate: the exact sum over all histories",
        is_available=has_group("certificate"),
        height=fixed(3.6),
        draw=lambda tree, figure: plot_certificate(tree, ax=figure.add_subplot()),
        table=certificate_table,
        alt="Line chart, logarithmic: exact KL from Bayes in nats against the number of observations seen, with "
        "sampled estimates as circles over it.",
        caption=_certificate_caption,
    ),
)
"""All figures, in the order of the report."""


def _question(tree: xr.DataTree) -> str:
    return f"How Bayes-optimal is this network's prediction of {tree.attrs['family']}?"


def _headline(tree: xr.DataTree, table: pd.DataFrame, verdicts: Sequence[Verdict]) -> Headline:
    """The answer in one sentence, and what to read it by: KL with its interval, floors, worst place, verdicts."""
    kl = row_of(table, "kl_divergence", "network")
    share = row_of(table, "share_of_prior_gap", "network")
    level = f"{100 * float(tree['measures'].attrs['level']):.3g} %"
    if math.isfinite(kl.estimate):
        digits = digits_for(kl.estimate, kl.lower, kl.upper)
        sentence = (
            f"The network loses {number(kl.estimate, digits)} nats per prediction to Bayes ({level} interval "
            f"{number(kl.lower, digits, like=kl.estimate)} to {number(kl.upper, digits, like=kl.estimate)}, over "
            f"{kl.interval_over}), "
            f"{number(100 * share.estimate, digits_for(share.estimate, share.lower, share.upper))} % of what a "
            "predictor that learns nothing loses."
        )
    elif math.isinf(kl.estimate):
        sentence = (
            "The network loses infinitely many nats per prediction to Bayes: it gives too little probability, or none, "
            "to observations that Bayes expects."
        )
    else:
        sentence = "The distance of the network from Bayes is not a number, so there is no answer."
    curve = tree["curves"].dataset["kl_divergence"].sel(predictor="network", bound="estimate").to_numpy()
    curve = curve[: int(tree.attrs["length"])]
    worst = int(np.argmax(curve))
    floors = [row_of(table, "kl_divergence", name) for name in ("memoryless", "prior predictive")]
    details = [
        f"KL(Bayes‖network) = {quantity(kl.estimate, kl.lower, kl.upper)} {kl.unit}; 0 is Bayes-optimal",
        "floors: " + ", ".join(f"{row.predictor} {number(row.estimate)}" for row in floors) + f" {kl.unit}",
        f"worst at t = {worst}: {number(curve[worst])} nats",
        f"network: {tree.attrs['network']}",
    ]
    return Headline(sentence, [*tally(verdicts), *details])


def _diagnostics(tree: xr.DataTree, table: pd.DataFrame) -> list[Diagnostic]:
    """What speaks for the reference and for the measurement."""
    found = [
        Diagnostic(
            "Reference",
            f"exact: the closed-form posterior predictive of {tree.attrs['family']}, in float64. No sampling, no "
            "tuning.",
            "",
        )
    ]
    identity = row_of(table, "kl_minus_excess_log_loss", "network")
    excess = row_of(table, "excess_log_loss", "network")
    found.append(
        agreement(
            "KL identity",
            "KL(Bayes‖network) and the excess log loss "
            f"{quantity(excess.estimate, excess.lower, excess.upper)} {excess.unit} estimate one number",
            identity.estimate,
            identity.unit,
        )
    )
    if (table.measure == "sampled_minus_certified").any():
        certified = table[table.measure.str.startswith("certified_kl_divergence")].iloc[0]
        gap = row_of(table, "sampled_minus_certified", "network")
        what = f"the sampled KL and the exact {number(certified.estimate)} {certified.unit} over all histories"
        found.append(agreement("Certificate", what, gap.estimate, gap.unit))
    noise = row_of(table, "calibration_error", "Bayes")
    found.append(
        Diagnostic(
            "Calibration of Bayes",
            f"{quantity(noise.estimate, noise.lower, noise.upper)} {noise.unit}: what exact Bayes scores on these "
            "tasks, so the least that they can resolve",
            "",
        )
    )
    if "wrong-prior Bayes" in set(table.predictor):
        factor = float(tree.attrs["wrong_prior_factor"])
        finding = f"Bayes with every concentration or scale of the prior × {factor:g}"
        found.append(Diagnostic("Wrong-prior floor", finding, ""))
    return found


def _summary(tree: xr.DataTree, table: pd.DataFrame) -> list[str]:
    """The answer in a few lines: estimate, interval, unit, floors and ceilings."""
    network, prior, memoryless = (
        row_of(table, "kl_divergence", name) for name in ("network", "prior predictive", "memoryless")
    )
    excess = row_of(table, "excess_log_loss", "network")
    share = row_of(table, "share_of_prior_gap", "network")
    gap = row_of(table, "kl_minus_excess_log_loss", "network").estimate
    curve = tree["curves"]["kl_divergence"].sel(predictor="network", bound="estimate")
    length = int(tree.attrs["length"])
    worst = int(curve.to_numpy()[:length].argmax())
    lines = [
        f"{tree.attrs['family']}, {length} observations; network: {tree.attrs['network']}",
        f"KL(Bayes‖network) = {plain_quantity(network)}, 95 % interval over {network.interval_over}",
        f"  = {share.estimate:.2g} of the prior's gap; worst at t = {worst} ({curve.to_numpy()[worst]:.2g} nats)",
        f"  0 is Bayes-optimal; floors: memoryless {plain_quantity(memoryless)}, prior {plain_quantity(prior)}",
        f"excess log loss = {plain_quantity(excess)}: the same number by another estimate, {abs(gap):.1f} paired "
        f"standard errors apart ({plain_agreement(gap)})",
    ]
    certified = table[table.measure.str.startswith("certified_kl_divergence")]
    return lines + [
        f"certificate: {row.estimate:.3g} nats/step, summed over every history (no sampling error)"
        for row in certified.itertuples()
    ]


PREDICTIONS = Presentation(
    question=_question,
    claims=lambda tree, table: prediction_claims(table),
    headline=_headline,
    figures=PREDICTION_FIGURES,
    vocabulary=PREDICTION_VOCABULARY,
    diagnostics=_diagnostics,
    citations=PREDICTION_CITATIONS,
    summary=_summary,
)
"""Comparisons of what networks predict with Bayes-optimal prediction."""
