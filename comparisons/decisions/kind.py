"""How a comparison of decisions is shown: its question, headline, diagnostics and summary."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.claims import Verdict
from comparisons.decisions.claims import decision_claims
from comparisons.decisions.figures.by_trial import (
    _exploration_caption,
    _gap_caption,
    _optimal_caption,
    _regret_caption,
    action_gap_table,
    exploration_table,
    optimal_probs_table,
    plot_action_gap,
    plot_exploration,
    plot_optimal_probs,
    plot_regret,
    regret_table,
)
from comparisons.decisions.figures.certificate import _certificate_caption, certificate_table, plot_certificate
from comparisons.decisions.figures.convergence import _convergence_caption, convergence_table, plot_convergence
from comparisons.decisions.figures.losses import _loss_caption, loss_table, plot_losses
from comparisons.decisions.figures.margins import _draw_margins, _margin_caption, gap_by_trial, margin_table
from comparisons.decisions.figures.repeats import _repeats_caption, plot_repeats, repeats_table
from comparisons.decisions.measures import DECISION_VOCABULARY, has_optimum
from comparisons.kind import Citation, Diagnostic, Headline, Presentation, ReportFigure, fixed, has_group
from comparisons.report.citations import _DUAN, _WANG, MIKULIK, NUMPYRO, PYTORCH
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
from comparisons.rows import in_standard_errors

_GITTINS = Citation(
    "The Gittins policy: optimal for discounting without an end, a heuristic at a finite horizon",
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


_KAKADE = Citation(
    "The identity behind the shortfall: summed action gaps are lost rewards (performance difference lemma)",
    "Kakade & Langford (2002), Approximately optimal approximate reinforcement learning",
    "https://dl.acm.org/doi/10.5555/645531.656005",
    """\
@inproceedings{kakade2002approximately,
  title     = {Approximately Optimal Approximate Reinforcement Learning},
  author    = {Kakade, Sham and Langford, John},
  booktitle = {Proceedings of the Nineteenth International Conference on Machine Learning},
  pages     = {267--274},
  year      = {2002}
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


DECISION_CITATIONS = (_DUAN, _WANG, MIKULIK, _KAKADE, _GITTINS, _THOMPSON, NUMPYRO, PYTORCH)
"""The sources that every comparison of decisions rests on."""


DECISION_FIGURES = (
    ReportFigure(
        name="losses",
        title="What every agent loses",
        is_available=has_group("totals"),
        height=fixed(4.2),
        draw=lambda tree, figure: plot_losses(tree, ax=figure.add_subplot()),
        table=loss_table,
        alt="Dot chart, logarithmic: rewards lost per episode by every agent with interval bars, the least at the top, "
        "and small circles for the training seeds of the network.",
        caption=_loss_caption,
    ),
    ReportFigure(
        name="action_gap",
        title="What each choice costs",
        is_available=has_optimum,
        height=fixed(4.0),
        draw=lambda tree, figure: plot_action_gap(tree, ax=figure.add_subplot()),
        table=action_gap_table,
        alt="Line chart, logarithmic: mean action gap in rewards against the trial, for the network with an interval "
        "band and for reference policies.",
        caption=_gap_caption,
    ),
    ReportFigure(
        name="gap_by_margin",
        title="Where the loss arises",
        is_available=has_optimum,
        height=fixed(3.2),
        draw=_draw_margins,
        table=margin_table,
        alt="Heat maps side by side for the network and reference policies: rewards lost per episode, by trial and by "
        "the lead of the best-looking arm.",
        caption=_margin_caption,
    ),
    ReportFigure(
        name="optimal_probs",
        title="How often the choice is optimal",
        is_available=has_optimum,
        height=fixed(3.8),
        draw=lambda tree, figure: plot_optimal_probs(tree, ax=figure.add_subplot()),
        table=optimal_probs_table,
        alt="Line chart: probability of an optimal action in percent against the trial, for the network with an "
        "interval band and for reference policies.",
        caption=_optimal_caption,
    ),
    ReportFigure(
        name="convergence",
        title="Convergence to the optimum during training",
        is_available=has_group("convergence"),
        height=fixed(4.0),
        draw=lambda tree, figure: plot_convergence(tree, ax=figure.add_subplot()),
        table=convergence_table,
        alt="Line chart, both axes logarithmic: rewards lost per episode by the network against training steps, a line "
        "per training seed, with reference policies as horizontal lines.",
        caption=_convergence_caption,
    ),
    ReportFigure(
        name="regret",
        title="Cumulative regret to the oracle",
        is_available=has_group("curves"),
        height=fixed(4.0),
        draw=lambda tree, figure: plot_regret(tree, ax=figure.add_subplot()),
        table=regret_table,
        alt="Line chart, both axes logarithmic: cumulative regret in rewards against trials played, for the network, "
        "the Bayes-optimal policy and references.",
        caption=_regret_caption,
    ),
    ReportFigure(
        name="exploration",
        title="Exploration of what is least known",
        is_available=has_group("curves"),
        height=fixed(3.8),
        draw=lambda tree, figure: plot_exploration(tree, ax=figure.add_subplot()),
        table=exploration_table,
        alt="Line chart: probability of the least known arm in percent against the trial, for the network with an "
        "interval band, the Bayes-optimal policy and references.",
        caption=_exploration_caption,
    ),
    ReportFigure(
        name="repeats",
        title="Staying after a win and after a loss",
        is_available=has_group("measures"),
        height=fixed(4.2),
        draw=lambda tree, figure: plot_repeats(tree, ax=figure.add_subplot()),
        table=repeats_table,
        alt="Dot chart with interval bars: for every agent the probability in percent of pulling the same arm again, "
        "filled dots after a win and open squares after a loss.",
        caption=_repeats_caption,
    ),
    ReportFigure(
        name="certificate",
        title="Certificate: the exact sum over all histories",
        is_available=has_group("certificate"),
        height=fixed(3.6),
        draw=lambda tree, figure: plot_certificate(tree, ax=figure.add_subplot()),
        table=certificate_table,
        alt="Line chart, logarithmic: the network's exact action gap in rewards against the trial, with sampled "
        "estimates as circles over it.",
        caption=_certificate_caption,
    ),
)
"""All figures, in the order of the report."""


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
