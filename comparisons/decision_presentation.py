"""How a comparison of decisions is shown: its question, headline, diagnostics and summary."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.citations import DECISION_CITATIONS
from comparisons.claims import Verdict
from comparisons.decision_claims import decision_claims
from comparisons.decision_report_figures import DECISION_FIGURES
from comparisons.decision_tables import gap_by_trial, has_optimum
from comparisons.decision_wording import DECISION_VOCABULARY
from comparisons.measures import in_standard_errors
from comparisons.presentation import Presentation
from comparisons.report_rows import Diagnostic, Headline, agreement, plain_agreement, plain_quantity, row_of, tally
from comparisons.wording import digits_for, number, quantity

_NAMED = ("Gittins", "greedy", "Thompson", "uniform")
"""References whose loss a headline names, where there are such agents."""


def _question(tree: xr.DataTree) -> str:
    return f"How Bayes-optimal are this network's decisions in {tree.attrs['family']}?"


def _headline(tree: xr.DataTree, table: pd.DataFrame, verdicts: Sequence[Verdict]) -> Headline:
    """The answer in one sentence, and what to read it by: ceiling, references, floor, worst trial, verdicts."""
    sentence, details = (_of_shortfall if has_optimum(tree) else _of_lost_rewards)(tree, table)
    return Headline(sentence, [*tally(verdicts), *details, f"network: {tree.attrs['network']}"])


def _of_shortfall(tree: xr.DataTree, table: pd.DataFrame) -> tuple[str, list[str]]:
    lost = row_of(table, "shortfall", "network")
    value, length = float(tree.attrs["optimal_value"]), int(tree.attrs["length"])
    if not math.isfinite(lost.estimate):
        return "The shortfall of the network is not a number, so there is no answer.", []
    decimals = _decimals_to_see(lost.estimate)
    earned = f"{value - lost.estimate:.{decimals}f}" if lost.estimate > 0 else "all"
    digits = digits_for(lost.estimate, lost.lower, lost.upper)
    sentence = (
        f"The network earns {earned} of the {value:.{decimals}f} rewards that the Bayes-optimal policy earns in "
        f"{length} trials: a shortfall of {number(lost.estimate, digits)} ({_level(tree)} interval "
        f"{number(lost.lower, digits, like=lost.estimate)} to {number(lost.upper, digits, like=lost.estimate)}, over "
        f"{lost.interval_over})"
    )
    share = _share_of_greedy(table)
    worst, gap = _worst_trial(tree)
    oracle = row_of(table, "regret_to_oracle", "optimal")
    details = [
        f"0 is Bayes-optimal; lost by {_losses(table, 'shortfall')} {lost.unit}",
        f"ceiling: {number(value, 6)} rewards, exact; an oracle that knows the latents earns "
        f"{number(oracle.estimate)} more",
    ]
    sentence += f", {share}." if share else "."
    return sentence, [*details, f"loses most at trial {worst}: {number(gap)} rewards"] if gap > 0 else details


def _share_of_greedy(table: pd.DataFrame) -> str:
    """What part of greedy play's shortfall is left, where greedy play falls short."""
    found = table[table.measure == "share_of_greedy_shortfall"]
    if not len(found) or not math.isfinite(found.iloc[0].estimate):
        return ""
    share = found.iloc[0]
    digits = digits_for(share.estimate, share.lower, share.upper)
    return f"{number(100 * share.estimate, digits)} % of what greedy play loses"


def _of_lost_rewards(tree: xr.DataTree, table: pd.DataFrame) -> tuple[str, list[str]]:
    reference, length = str(tree.attrs["reference"]), int(tree.attrs["length"])
    lost = row_of(table, "rewards_below_reference", "network")
    earned = row_of(table, "expected_return", "network")
    if not math.isfinite(lost.estimate):
        return "What the network loses is not a number, so there is no answer.", []
    digits = digits_for(lost.estimate, lost.lower, lost.upper)
    sentence = (
        f"The network earns {number(earned.estimate, 4)} rewards in {length} trials, {number(lost.estimate, digits)} "
        f"less than the {reference} policy, the reference where no optimum is known ({_level(tree)} interval "
        f"{number(lost.lower, digits, like=lost.estimate)} to {number(lost.upper, digits, like=lost.estimate)}, over "
        f"{lost.interval_over})."
    )
    if lost.estimate < 0:
        more = [number(-bound, digits, like=lost.estimate) for bound in (lost.estimate, lost.upper, lost.lower)]
        sentence = (
            f"The network earns {number(earned.estimate, 4)} rewards in {length} trials, {more[0]} more than the "
            f"{reference} policy, the reference where no optimum is known ({_level(tree)} interval {more[1]} to "
            f"{more[2]}, over "
            f"{lost.interval_over})."
        )
    oracle = row_of(table, "rewards_below_reference", "oracle")
    return sentence, [
        f"below the {reference} policy: {_losses(table, 'rewards_below_reference')} {lost.unit}",
        f"an oracle that knows the latents earns {number(-oracle.estimate)} more than the {reference} policy",
    ]


def _losses(table: pd.DataFrame, measure: str) -> str:
    """What the named references lose, the least first."""
    rows = table[(table.measure == measure) & table.predictor.isin(_NAMED)].sort_values("estimate", kind="stable")
    return ", ".join(f"{row.predictor} {number(row.estimate)}" for row in rows.itertuples())


def _decimals_to_see(difference: float) -> int:
    """Decimals, from 2 to 6, with which a difference of two returns has two significant digits."""
    return 3 if difference <= 0 else min(6, max(2, 1 - math.floor(math.log10(difference))))


def _worst_trial(tree: xr.DataTree) -> tuple[int, float]:
    """The trial, counted from 1, at which the network loses most, and what it loses there; over all tasks."""
    gap = gap_by_trial(tree, "network")
    return int(np.argmax(gap)) + 1, float(gap.max())


def _level(tree: xr.DataTree) -> str:
    return f"{100 * float(tree['measures'].attrs['level']):.3g} %"


def _diagnostics(tree: xr.DataTree, table: pd.DataFrame) -> list[Diagnostic]:
    """What speaks for the reference and for the measurement."""
    found: list[Diagnostic] = []
    if has_optimum(tree):
        value, error = float(tree.attrs["optimal_value"]), float(tree.attrs["optimal_value_error"])
        found.append(
            Diagnostic(
                "Reference",
                f"exact: the finite-horizon optimum of {tree.attrs['family']} for {tree.attrs['length']} trials, "
                f"V* = {number(value, 8)} rewards, wrong by at most {number(error, 2)}",
                "",
            )
        )
        totals = tree["totals"].to_dataset().sel(player="optimal")
        apart = in_standard_errors(totals["expected_rewards"].to_numpy().astype(float) - value)
        played = row_of(table, "expected_return", "optimal")
        what = (
            f"{quantity(played.estimate, played.lower, played.upper)} rewards earned in play and V* estimate one number"
        )
        found.append(agreement("Optimal policy in play", what, apart, "standard errors"))
        identity = row_of(table, "gap_minus_lost_rewards", "network")
        what = "the network's summed action gaps and V* minus what it earned estimate one shortfall"
        found.append(agreement("Identity", what, identity.estimate, identity.unit))
    else:
        found.append(Diagnostic("Reference", f"the {tree.attrs['reference']} policy; no exact optimum is known", ""))
    if (table.measure == "sampled_minus_certified").any():
        certified = table[table.measure.str.startswith("certified_shortfall")].iloc[0]
        gap = row_of(table, "sampled_minus_certified", "network")
        what = f"the sampled shortfall and the exact {number(certified.estimate)} {certified.unit} over all histories"
        found.append(agreement("Certificate", what, gap.estimate, gap.unit))
    if "Gittins" in set(table.predictor):
        finding = f"indices for a discount of {float(tree.attrs['discount']):g} and no end; a heuristic at this horizon"
        found.append(Diagnostic("Gittins policy", finding, ""))
    return found


def _summary(tree: xr.DataTree, table: pd.DataFrame) -> list[str]:
    """The answer in a few lines: estimate, interval, unit, references, floor and ceiling."""
    first = f"{tree.attrs['family']}, {tree.attrs['length']} trials; network: {tree.attrs['network']}"
    if not has_optimum(tree):
        lost = row_of(table, "rewards_below_reference", "network")
        return [
            first,
            f"rewards below {tree.attrs['reference']} = {plain_quantity(lost)}, 95 % interval over "
            f"{lost.interval_over}",
            f"  below 0 is better than the reference; others lose: {_losses(table, 'rewards_below_reference')}",
        ]
    lost = row_of(table, "shortfall", "network")
    apart = row_of(table, "gap_minus_lost_rewards", "network").estimate
    worst, gap = _worst_trial(tree)
    lines = [
        first,
        f"V* − V(network) = {plain_quantity(lost)}, 95 % interval over {lost.interval_over}",
        "  "
        + "; ".join(part for part in (_share_of_greedy(table), f"most at trial {worst}: {gap:.2g} rewards") if part),
        f"  0 is Bayes-optimal, with V* = {float(tree.attrs['optimal_value']):.6g} rewards (exact); others lose: "
        f"{_losses(table, 'shortfall')}",
        f"lost rewards: the same number by another estimate, {abs(apart):.1f} paired standard errors apart "
        f"({plain_agreement(apart)})",
    ]
    certified = table[table.measure.str.startswith("certified_shortfall")]
    return lines + [
        f"certificate: {row.estimate:.3g} {row.unit}, summed over every history (no sampling error)"
        for row in certified.itertuples()
    ]


DECISIONS = Presentation(
    question=_question,
    claims=lambda tree, table: decision_claims(table),
    headline=_headline,
    figures=DECISION_FIGURES,
    vocabulary=DECISION_VOCABULARY,
    diagnostics=_diagnostics,
    citations=DECISION_CITATIONS,
    summary=_summary,
)
"""Comparisons of what networks decide with the Bayes-optimal policy."""
