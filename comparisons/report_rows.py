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
    """One row of the table of measures, in words."""

    label: str
    predictor: str
    role: str
    estimate: str
    interval: str
    unit: str
    interval_over: str


class MeasureSection(NamedTuple):
    """Measures that are read together: heading, explanation, rows."""

    title: str
    explanation: str
    rows: list[MeasureRow]


class Diagnostic(NamedTuple):
    """One check of the reference or of the measurement: what was checked, what came out, and whether that is right."""

    name: str
    finding: str
    outcome: str
    """`held`, `failed`, or empty where there is nothing to decide."""


def headline(tree: xr.DataTree, table: pd.DataFrame) -> Headline:
    """The answer in one sentence, and the numbers beside it: KL with its interval, floors, and where it is worst."""
    kl = _row(table, "kl_divergence", "network")
    share = _row(table, "share_of_prior_gap", "network")
    level = f"{100 * float(tree['measures'].attrs['level']):.3g} %"
    if math.isfinite(kl.estimate):
        digits = digits_for(kl.estimate, kl.lower, kl.upper)
        sentence = (
            f"The network loses {number(kl.estimate, digits)} nats per prediction to Bayes ({level} interval "
            f"{number(kl.lower, digits)} to {number(kl.upper, digits)}, over {kl.interval_over}), "
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
    curve = tree["curves"]["kl_divergence"].sel(predictor="network", bound="estimate").to_numpy()
    curve = curve[: int(tree.attrs["length"])]
    worst = int(np.argmax(curve))
    floors = [_row(table, "kl_divergence", name) for name in ("memoryless", "prior predictive")]
    details = [
        f"KL(Bayes‖network) = {quantity(kl.estimate, kl.lower, kl.upper)} {kl.unit}; 0 is Bayes-optimal",
        "floors: " + ", ".join(f"{row.predictor} {number(row.estimate)}" for row in floors) + f" {kl.unit}",
        f"worst at t = {worst}: {number(curve[worst])} nats",
        f"network: {tree.attrs['network']}",
    ]
    return Headline(sentence, details)


def claim_rows(verdicts: Sequence[Verdict]) -> list[ClaimRow]:
    """The table of claims; a fraction is shown as a percentage."""
    return [_claim_row(verdict) for verdict in verdicts]


def measure_sections(table: pd.DataFrame) -> list[MeasureSection]:
    """The table of measures by section: in each the ceiling first, then what is scored, then the floors."""
    rows: dict[str, list[MeasureRow]] = {key: [] for key in SECTIONS}
    for measure, group in table.groupby("measure", sort=False):
        section, label = wording_of(str(measure))
        if section in ("kl", "beyond"):
            unit = str(group.unit.iloc[0])
            rows[section].append(MeasureRow(label, "Bayes", "ceiling", "0", "exact", unit, "nothing: by definition"))
        rank = {"knows the latents": 0, "ceiling": 1, "scored": 2}
        found = [Measure(*values) for values in group[list(Measure._fields)].itertuples(index=False)]
        found.sort(key=lambda row: rank.get(role_of(row.predictor, row.measure), 3))
        rows[section] += [_measure_row(row, label) for row in found]
    return [MeasureSection(*SECTIONS[key], members) for key, members in rows.items() if members]


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


def _measure_row(row: Measure, label: str) -> MeasureRow:
    estimate, unit = in_percent(row.estimate, row.unit)
    lower, _ = in_percent(row.lower, row.unit)
    upper, _ = in_percent(row.upper, row.unit)
    return MeasureRow(
        label,
        row.predictor,
        role_of(row.predictor, row.measure),
        number(estimate, digits_for(estimate, lower, upper)),
        interval(estimate, lower, upper),
        unit,
        row.interval_over,
    )


def _agreement(name: str, what: str, gap: float, unit: str) -> Diagnostic:
    """Whether two estimates of one number agree; where one of them is infinite there is nothing to compare."""
    if math.isnan(gap):
        return Diagnostic(name, f"{what}: not comparable, one of them is infinite", "")
    agree = abs(gap) <= 4
    verb = "they agree" if agree else "they DISAGREE"
    return Diagnostic(name, f"{what}: {number(gap, 2)} {unit} apart, so {verb}", "held" if agree else "failed")


def _row(table: pd.DataFrame, measure: str, predictor: str) -> pd.Series:
    return table[(table.measure == measure) & (table.predictor == predictor)].iloc[0]
