"""Comparisons of what networks predict with Bayes-optimal prediction."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from comparisons.claims import Verdict
from comparisons.kind import Answer, Diagnostic, Kind
from comparisons.predictions.claims import claims_of
from comparisons.predictions.figures import (
    calibration,
    certificate,
    convergence,
    examples,
    kl_by_time,
    order_cost,
    regret,
)
from comparisons.predictions.measures import SECTIONS, curves_of, scores_of
from comparisons.predictions.tree import SCHEMA
from comparisons.report.citations import MIKULIK, NUMPYRO, ORTEGA, PYTORCH
from comparisons.report.words import agreement, digits_for, number, quantity, tally
from comparisons.rows import Row, Table
from comparisons.statistics.intervals import LEVEL
from comparisons.tree import title_in


def _question(tree: xr.DataTree) -> str:
    return f"How Bayes-optimal is this network's prediction of {title_in(tree)}?"


def _answer(tree: xr.DataTree, table: Table, verdicts: Sequence[Verdict]) -> Answer:
    """Return the answer in one sentence, and what to read it by: KL with its interval, floors, worst time."""
    kl = table.one("kl_divergence", "network")
    floors = [table.one("kl_divergence", name) for name in ("memoryless", "prior predictive")]
    curve = tree["curves"].dataset["kl_divergence"].sel(predictor="network", bound="estimate").to_numpy()
    curve = curve[: int(tree.attrs["length"])]
    worst = int(np.argmax(curve))
    details = [
        f"KL(Bayes‖network) = {quantity(*kl.interval)} {kl.unit} ({100 * LEVEL:.3g} % interval over {kl.over}); "
        "0 is Bayes-optimal",
        "floors: " + ", ".join(f"{row.who} {quantity(*row.interval)}" for row in floors) + f" {kl.unit}",
        f"worst at t = {worst}: {number(curve[worst])} nats",
        *_other_estimates(table),
        f"network: {tree.attrs['network']}",
    ]
    return Answer(_sentence(kl, table.one("share_of_prior_gap", "network")), [*tally(verdicts), *details])


def _other_estimates(table: Table) -> Iterator[str]:
    """Yield the same number by its other estimates: the excess log loss and, where there is one, the certificate."""
    excess, gap = table.one("excess_log_loss", "network"), table.one("kl_minus_excess_log_loss", "network")
    apart = f"{number(abs(gap.interval.estimate), 2)} {gap.unit} from the KL"
    yield f"excess log loss = {quantity(*excess.interval)} {excess.unit}, {apart}"
    for row in table.of("certified_kl"):
        yield f"certificate: {number(row.interval.estimate)} {row.unit}, summed over every history (no sampling error)"


def _sentence(kl: Row, share: Row) -> str:
    estimate, lower, upper = kl.interval
    if math.isinf(estimate):
        return (
            "The network loses infinitely many nats per prediction to Bayes: it gives too little probability, or none, "
            "to observations that Bayes expects."
        )
    if math.isnan(estimate):
        return "The distance of the network from Bayes is not a number, so there is no answer."
    digits = digits_for(*kl.interval)
    return (
        f"The network loses {number(estimate, digits)} nats per prediction to Bayes ({100 * LEVEL:.3g} % interval "
        f"{number(lower, digits, like=estimate)} to {number(upper, digits, like=estimate)}, over {kl.over}), "
        f"{number(100 * share.interval.estimate, digits_for(*share.interval))} % of what a predictor that learns "
        "nothing loses."
    )


def _diagnostics(tree: xr.DataTree, table: Table) -> Iterator[Diagnostic]:
    yield Diagnostic(
        "Reference",
        f"exact: the closed-form posterior predictive of {title_in(tree)}, in float64. No sampling, no tuning.",
    )
    identity, excess = table.one("kl_minus_excess_log_loss", "network"), table.one("excess_log_loss", "network")
    yield agreement(
        "KL identity",
        f"KL(Bayes‖network) and the excess log loss {quantity(*excess.interval)} {excess.unit} estimate one number",
        identity.interval.estimate,
        identity.unit,
    )
    for gap, certified in zip(table.of("sampled_minus_certified"), table.of("certified_kl"), strict=True):
        exact = f"{number(certified.interval.estimate)} {certified.unit}"
        what = f"the sampled KL and the exact {exact} over all histories"
        yield agreement("Certificate", what, gap.interval.estimate, gap.unit)
    noise = table.one("calibration_error", "Bayes")
    yield Diagnostic(
        "Calibration of Bayes",
        f"{quantity(*noise.interval)} {noise.unit}: what exact Bayes scores on these tasks, so the least that they can "
        "resolve",
    )
    if table.get("kl_divergence", "wrong-prior Bayes"):
        factor = float(tree.attrs["wrong_prior_factor"])
        yield Diagnostic("Wrong-prior floor", f"Bayes with every concentration or scale of the prior × {factor:g}")


KIND = Kind(
    schema=SCHEMA,
    question=_question,
    subject="Predictor",
    roles={
        "oracle": "knows the latents",
        "Bayes": "ceiling",
        "network": "scored",
        "wrong-prior Bayes": "floor",
        "memoryless": "floor",
        "prior predictive": "floor",
        "untrained network": "floor",
    },
    roles_in_words="Ceiling: the best that can be reached; floor: what a predictor reaches that knows less than Bayes.",
    places={"training_seed": "seed {}"},
    scores=scores_of,
    sections=SECTIONS,
    curves=curves_of,
    claims=claims_of,
    answer=_answer,
    diagnostics=_diagnostics,
    figures=(
        kl_by_time.FIGURE,
        examples.FIGURE,
        convergence.FIGURE,
        calibration.FIGURE,
        regret.FIGURE,
        order_cost.FIGURE,
        certificate.FIGURE,
    ),
    citations=(ORTEGA, MIKULIK, NUMPYRO, PYTORCH),
    version=2,
)
