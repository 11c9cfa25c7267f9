"""Comparisons of what networks decide with the Bayes-optimal policy."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from comparisons.claims import Verdict
from comparisons.decisions.claims import claims_of
from comparisons.decisions.figures import by_trial, certificate, convergence, losses, margins, repeats
from comparisons.decisions.figures.margins import gap_by_trial
from comparisons.decisions.measures import SECTIONS
from comparisons.decisions.scores import curves_of, has_optimum, scores_of
from comparisons.decisions.tree import SCHEMA
from comparisons.kind import Answer, Citation, Diagnostic, Kind
from comparisons.report.citations import DUAN, KAKADE, MIKULIK, NUMPYRO, PYTORCH, WANG
from comparisons.report.words import agreement, digits_for, number, quantity, tally
from comparisons.rows import Table, in_standard_errors
from comparisons.statistics.intervals import LEVEL
from comparisons.tree import title_in

_NAMED = ("Gittins", "greedy", "Thompson", "uniform")
"""References whose loss an answer names, where there are such agents."""

_GITTINS = Citation(
    "The Gittins policy: optimal for infinite-horizon discounting, a heuristic at a finite horizon",
    "Gittins (1979), Bandit processes and dynamic allocation indices",
    "https://doi.org/10.1111/j.2517-6161.1979.tb01068.x",
    """\
@article{gittins1979bandit,
  title   = {Bandit Processes and Dynamic Allocation Indices},
  author  = {Gittins, John C.},
  journal = {Journal of the Royal Statistical Society. Series B (Methodological)},
  volume  = {41},
  number  = {2},
  pages   = {148--177},
  year    = {1979}
}""",
)


_THOMPSON = Citation(
    "Thompson sampling: each arm as often as it is probably the best",
    "Thompson (1933), On the likelihood that one unknown probability exceeds another",
    "https://doi.org/10.1093/biomet/25.3-4.285",
    """\
@article{thompson1933likelihood,
  title   = {On the Likelihood that One Unknown Probability Exceeds Another in View of the Evidence of Two Samples},
  author  = {Thompson, William R.},
  journal = {Biometrika},
  volume  = {25},
  number  = {3--4},
  pages   = {285--294},
  year    = {1933}
}""",
)


def _question(tree: xr.DataTree) -> str:
    return f"How Bayes-optimal are this network's decisions in {title_in(tree)}?"


def _answer(tree: xr.DataTree, table: Table, verdicts: Sequence[Verdict]) -> Answer:
    """Return the answer in one sentence, and what to read it by: the optimum, references, the worst trial."""
    sentence, details = (_of_shortfall if has_optimum(tree) else _of_lost_rewards)(tree, table)
    subject = f"network: {tree.attrs['network']}, in {title_in(tree)}"
    return Answer(sentence, [*tally(verdicts), *details, subject])


def _of_shortfall(tree: xr.DataTree, table: Table) -> tuple[str, list[str]]:
    lost = table.one("shortfall", "network")
    estimate, lower, upper = lost.interval
    value, length = float(tree.attrs["optimal_value"]), int(tree.attrs["length"])
    if not math.isfinite(estimate):
        return "The shortfall of the network is not a number, so there is no answer.", []
    decimals = _decimals_to_see(estimate)
    earned, best = (f"{reward:.{decimals}f}".replace("-", "−") for reward in (value - estimate, value))
    digits = digits_for(*lost.interval)
    sentence = (
        f"The network earns {earned} rewards in {length} trials, the Bayes-optimal policy {best}: "
        f"a shortfall V* − V(network) = {number(estimate, digits)} ({_LEVEL} interval "
        f"{number(lower, digits, like=estimate)} to {number(upper, digits, like=estimate)}, over {lost.over})"
    )
    share = table.get("share_of_greedy_shortfall", "network")
    if share is not None and math.isfinite(share.interval.estimate):
        part = number(100 * share.interval.estimate, digits_for(*share.interval))
        sentence += f", {part} % of what the greedy policy loses"
    oracle = table.one("regret_to_oracle", "optimal").interval.estimate
    identity = table.one("gap_minus_lost_rewards", "network")
    details = [
        f"0 is Bayes-optimal; lost by {_losses(table, 'shortfall')} {lost.unit}",
        f"best possible: {number(value, 6)} rewards, exact; an oracle that knows the latents earns {number(oracle)} "
        "more",
        *_worst_trial(tree),
        f"lost rewards estimate the same number: {number(abs(identity.interval.estimate), 2)} {identity.unit} apart",
        *(
            f"certificate: {number(row.interval.estimate)} {row.unit}, summed over every history (no sampling error)"
            for row in table.of("certified_shortfall")
        ),
    ]
    return f"{sentence}.", details


def _of_lost_rewards(tree: xr.DataTree, table: Table) -> tuple[str, list[str]]:
    reference, length = str(tree.attrs["reference"]), int(tree.attrs["length"])
    lost = table.one("rewards_below_reference", "network")
    estimate, lower, upper = lost.interval
    if not math.isfinite(estimate):
        return "What the network loses is not a number, so there is no answer.", []
    digits = digits_for(*lost.interval)
    bounds, than = ((estimate, lower, upper), "less") if estimate >= 0 else ((-estimate, -upper, -lower), "more")
    apart, low, high = (number(bound, digits, like=estimate) for bound in bounds)
    earned = number(table.one("expected_return", "network").interval.estimate, 4)
    sentence = (
        f"The network earns {earned} rewards in {length} trials, {apart} {than} than the {reference} policy, the "
        f"reference where no optimum is known ({_LEVEL} interval {low} to {high}, over {lost.over})."
    )
    oracle = table.one("rewards_below_reference", "oracle").interval.estimate
    return sentence, [
        f"below the {reference} policy: {_losses(table, 'rewards_below_reference')} {lost.unit}; below 0 is better",
        f"an oracle that knows the latents earns {number(-oracle)} more than the {reference} policy",
    ]


def _losses(table: Table, measure: str) -> str:
    """Return what the named references lose, the least first."""
    rows = sorted((row for row in table.of(measure) if row.who in _NAMED), key=lambda row: row.interval.estimate)
    return ", ".join(f"{row.who} {number(row.interval.estimate)}" for row in rows)


def _worst_trial(tree: xr.DataTree) -> list[str]:
    """Return the trial, counted from 1, at which the network loses most over all tasks, if it loses anything."""
    gap = gap_by_trial(tree, "network")
    return [f"loses most at trial {int(np.argmax(gap)) + 1}: {number(float(gap.max()))} rewards"] * bool(gap.max() > 0)


def _decimals_to_see(difference: float) -> int:
    """Return the decimals, from 2 to 6, with which a difference of two returns has two significant digits."""
    return 3 if difference <= 0 else min(6, max(2, 1 - math.floor(math.log10(difference))))


def _diagnostics(tree: xr.DataTree, table: Table) -> Iterator[Diagnostic]:
    if has_optimum(tree):
        value, error = float(tree.attrs["optimal_value"]), float(tree.attrs["optimal_value_error"])
        yield Diagnostic(
            "Reference",
            f"exact: the finite-horizon optimum of {title_in(tree)} for {tree.attrs['length']} trials, "
            f"V* = {number(value, 8)} rewards, wrong by at most {number(error, 2)}",
        )
        totals = tree["totals"].to_dataset().sel(player="optimal")
        apart = in_standard_errors("optimal", totals["expected_rewards"].to_numpy().astype(float) - value)
        played = quantity(*table.one("expected_return", "optimal").interval)
        what = f"{played} rewards earned in play and V* estimate one number"
        yield agreement("Optimal policy in play", what, apart.interval.estimate, "standard errors")
        identity = table.one("gap_minus_lost_rewards", "network")
        what = "the network's summed action gaps and V* minus what it earned estimate one shortfall"
        yield agreement("Identity", what, identity.interval.estimate, identity.unit)
    else:
        yield Diagnostic("Reference", f"the {tree.attrs['reference']} policy; no exact optimum is known")
    for gap, certified in zip(table.of("sampled_minus_certified"), table.of("certified_shortfall"), strict=True):
        exact = f"{number(certified.interval.estimate)} {certified.unit}"
        what = f"the sampled shortfall and the exact {exact} over all histories"
        yield agreement("Certificate", what, gap.interval.estimate, gap.unit)
    if table.get("expected_return", "Gittins"):
        discount = float(tree.attrs["discount"])
        finding = f"indices for infinite-horizon discounting by {discount:g}; a heuristic at this finite horizon"
        yield Diagnostic("Gittins policy", finding)


_LEVEL = f"{100 * LEVEL:.3g} %"

KIND = Kind(
    schema=SCHEMA,
    question=_question,
    subject="Agent",
    roles={
        "oracle": "knows the latents",
        "optimum, exact": "ceiling",
        "network": "scored",
        "uniform": "floor",
        "untrained network": "floor",
    },
    roles_in_words="Ceiling: the best that can be reached without knowing the latents. Floor: an agent that learns "
    "nothing. The other agents are references: policies that know the prior, and well-known rules.",
    places={"training_seed": "seed {}"},
    scores=scores_of,
    sections=SECTIONS,
    curves=curves_of,
    claims=claims_of,
    answer=_answer,
    diagnostics=_diagnostics,
    figures=(
        losses.FIGURE,
        by_trial.ACTION_GAP,
        margins.FIGURE,
        by_trial.OPTIMAL_PROBS,
        convergence.FIGURE,
        by_trial.REGRET,
        by_trial.EXPLORATION,
        repeats.FIGURE,
        certificate.FIGURE,
    ),
    citations=(DUAN, WANG, MIKULIK, KAKADE, _GITTINS, _THOMPSON, NUMPYRO, PYTORCH),
    version=2,
)
