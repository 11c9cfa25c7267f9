"""What the tables and sentences of a report say: the answer, claims, measures and diagnostics, from the numbers."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.claims import Verdict
from comparisons.measures import Measure
from comparisons.wording import SECTIONS, digits_for, in_percent, interval, number, quantity, role_of, wording_of


class Headline(NamedTuple):
    """The answer: a sentence, and the numbers to read it by."""

    sentence: str
    details: list[str]


class ClaimRow(NamedTuple):
    """One row of the table of claims, in words."""

    statement: str
    outcome: str
    estimate: str
    interval: str
    bound: str
    unit: str
    interval_over: str


class MeasureRow(NamedTuple):
    """What one predictor scores in one measure, in words."""

    predictor: str
    role: str
    quantity: str
    unit: str
    interval_over: str


class MeasureGroup(NamedTuple):
    """One measure of several predictors: the ceiling first, then what is scored, then the floors."""

    label: str
    rows: list[MeasureRow]


class MeasureSection(NamedTuple):
    """Measures that are read together: heading, explanation, measures."""

    title: str
    explanation: str
    groups: list[MeasureGroup]


class Diagnostic(NamedTuple):
    """One check of the reference or of the measurement: what was checked, what came out, and whether that is right."""

    name: str
    finding: str
    outcome: str
    """`held`, `failed`, or empty where there is nothing to decide."""


def headline(tree: xr.DataTree, table: pd.DataFrame, verdicts: Sequence[Verdict]) -> Headline:
    """The answer in one sentence, and what to read it by: KL with its interval, floors, worst place, verdicts."""
    kl = _row(table, "kl_divergence", "network")
    share = _row(table, "share_of_prior_gap", "network")
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
    floors = [_row(table, "kl_divergence", name) for name in ("memoryless", "prior predictive")]
    details = [
        f"KL(Bayes‖network) = {quantity(kl.estimate, kl.lower, kl.upper)} {kl.unit}; 0 is Bayes-optimal",
        "floors: " + ", ".join(f"{row.predictor} {number(row.estimate)}" for row in floors) + f" {kl.unit}",
        f"worst at t = {worst}: {number(curve[worst])} nats",
        f"network: {tree.attrs['network']}",
    ]
    if verdicts:
        outcomes = [verdict.outcome for verdict in verdicts]
        tally = ", ".join(f"{outcomes.count(o)} {o}" for o in ("held", "failed", "undecided") if o in outcomes)
        details.insert(0, f"claims: {tally}")
    return Headline(sentence, details)


def claim_rows(verdicts: Sequence[Verdict]) -> list[ClaimRow]:
    """The table of claims; a fraction is shown as a percentage."""
    return [_claim_row(verdict) for verdict in verdicts]


def measure_sections(table: pd.DataFrame) -> list[MeasureSection]:
    """The table of measures by section, each measure with its ceiling and its floors where it has them."""
    groups: dict[str, list[MeasureGroup]] = {key: [] for key in SECTIONS}
    for measure, found in table.groupby("measure", sort=False):
        section, label = wording_of(str(measure))
        rows = [_measure_row(Measure(*row)) for row in found[list(Measure._fields)].itertuples(index=False)]
        if section in ("kl", "beyond"):
            rows.append(MeasureRow("Bayes", "ceiling", "0", str(found.unit.iloc[0]), "nothing: exact by definition"))
        rank = {"knows the latents": 0, "ceiling": 1, "sampling noise": 1, "scored": 2, "floor": 3}
        groups[section].append(MeasureGroup(label, sorted(rows, key=lambda row: rank[row.role])))
    return [MeasureSection(*SECTIONS[key], members) for key, members in groups.items() if members]


def diagnostics(tree: xr.DataTree, table: pd.DataFrame) -> list[Diagnostic]:
    """What speaks for the reference and for the measurement."""
    found = [
        Diagnostic(
            "Reference",
            f"exact: the closed-form posterior predictive of {tree.attrs['family']}, in float64. No sampling, no "
            "tuning.",
            "",
        )
    ]
    identity = _row(table, "kl_minus_excess_log_loss", "network")
    excess = _row(table, "excess_log_loss", "network")
    found.append(
        _agreement(
            "KL identity",
            "KL(Bayes‖network) and the excess log loss "
            f"{quantity(excess.estimate, excess.lower, excess.upper)} {excess.unit} estimate one number",
            identity.estimate,
            identity.unit,
        )
    )
    if (table.measure == "sampled_minus_certified").any():
        certified = table[table.measure.str.startswith("certified_kl_divergence")].iloc[0]
        gap = _row(table, "sampled_minus_certified", "network")
        what = f"the sampled KL and the exact {number(certified.estimate)} {certified.unit} over all histories"
        found.append(_agreement("Certificate", what, gap.estimate, gap.unit))
    noise = _row(table, "calibration_error", "Bayes")
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


def _claim_row(verdict: Verdict) -> ClaimRow:
    estimate, unit = in_percent(verdict.estimate, verdict.unit)
    lower, _ = in_percent(verdict.lower, verdict.unit)
    upper, _ = in_percent(verdict.upper, verdict.unit)
    bound, _ = in_percent(verdict.bound, verdict.unit)
    is_difference = math.isnan(verdict.lower) and "standard errors" in verdict.unit
    return ClaimRow(
        verdict.statement,
        verdict.outcome,
        number(estimate, digits_for(estimate, lower, upper)),
        interval(estimate, lower, upper),
        f"{'±' if is_difference else '≤ '}{bound:.3g}",
        unit,
        verdict.interval_over,
    )


def _measure_row(row: Measure) -> MeasureRow:
    estimate, unit = in_percent(row.estimate, row.unit)
    lower, _ = in_percent(row.lower, row.unit)
    upper, _ = in_percent(row.upper, row.unit)
    text = quantity(estimate, lower, upper)
    return MeasureRow(row.predictor, role_of(row.predictor, row.measure), text, unit, row.interval_over)


def _agreement(name: str, what: str, gap: float, unit: str) -> Diagnostic:
    """Whether two estimates of one number agree; where one of them is infinite there is nothing to compare."""
    if math.isnan(gap):
        return Diagnostic(name, f"{what}: not comparable, one of them is infinite", "")
    return Diagnostic(name, f"{what}: {number(abs(gap), 2)} {unit} apart", "held" if abs(gap) <= 4 else "failed")


def _row(table: pd.DataFrame, measure: str, predictor: str) -> pd.Series:
    return table[(table.measure == measure) & (table.predictor == predictor)].iloc[0]
