"""How a comparison of foragers is shown: its question, headline, diagnostics and summary."""

import json
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.claims import Verdict
from comparisons.decisions.kind import _KAKADE
from comparisons.foraging.claims import foraging_claims
from comparisons.foraging.figures.course import _course_caption, course_table, draw_course
from comparisons.foraging.figures.entropy import _entropy_caption, draw_entropy, entropy_table
from comparisons.foraging.figures.occupancy import _occupancy_caption, _rows_of_maps, draw_occupancy, occupancy_table
from comparisons.foraging.figures.returns import _return_caption, draw_returns, measure_rows, return_table
from comparisons.foraging.figures.states import _state_caption, draw_states, state_table
from comparisons.foraging.figures.transfer import _transfer_caption, draw_transfer, transfer_table
from comparisons.foraging.measures import FORAGING_VOCABULARY, longest_lifetime, train_lifetimes, trained_for
from comparisons.kind import Diagnostic, Headline, Presentation, ReportFigure, fixed, has_group
from comparisons.report.citations import _DUAN, _LANGE, _WANG, MIKULIK, NUMPYRO, PYTORCH
from comparisons.report.words import AGREEMENT, number, plain_quantity, quantity, row_of, tally

FORAGING_CITATIONS = (_LANGE, _DUAN, _WANG, MIKULIK, _KAKADE, NUMPYRO, PYTORCH)
"""The sources that every comparison of foragers rests on."""


FORAGING_FIGURES = (
    ReportFigure(
        name="returns",
        title="What lifetimes of training do to returns and goals",
        is_available=has_group("measures"),
        height=fixed(5.2),
        draw=draw_returns,
        table=return_table,
        alt="Four charts against the training lifetime: return, and entries of the small, the medium and the high "
        "goal, of networks with interval bars, of the paper's networks, and of the exact optimum as a line.",
        caption=_return_caption,
    ),
    ReportFigure(
        name="transfer",
        title="Every lifetime in every other",
        is_available=has_group("measures"),
        height=fixed(4.1),
        draw=draw_transfer,
        table=transfer_table,
        alt="Left, a heat map of rewards per step by training lifetime and tested lifetime. Right, its diagonal "
        "against the lifetime, between the small goal and full information.",
        caption=_transfer_caption,
    ),
    ReportFigure(
        name="occupancy",
        title="Where steps are spent",
        is_available=has_group("behaviour"),
        height=lambda tree: 2.3 * _rows_of_maps(tree),
        draw=draw_occupancy,
        table=occupancy_table,
        alt="Maps of the grid, one per training lifetime and one of the exact optimum, coloured by the share of steps "
        "in each cell.",
        caption=_occupancy_caption,
    ),
    ReportFigure(
        name="course",
        title="Over training",
        is_available=has_group("curves"),
        height=fixed(3.6),
        draw=draw_course,
        table=course_table,
        alt="Line chart: return in the longest lifetime against the lifetimes seen in training, a line per training "
        "lifetime, with horizontal lines for the exact optimum, the small goal and untrained networks.",
        caption=_course_caption,
    ),
    ReportFigure(
        name="entropy",
        title="How undecided networks are",
        is_available=has_group("behaviour"),
        height=fixed(2.4),
        draw=draw_entropy,
        table=entropy_table,
        alt="Small line charts, one per training lifetime: entropy of the choice by step, beside that of the exact "
        "optimum.",
        caption=_entropy_caption,
    ),
    ReportFigure(
        name="states",
        title="In how many dimensions hidden states spread",
        is_available=has_group("states"),
        height=fixed(5.4),
        draw=draw_states,
        table=state_table,
        alt="Above, participation ratio and share of variance in three components against the training lifetime. "
        "Below, scatter plots of hidden states in two components, coloured by step.",
        caption=_state_caption,
    ),
)
"""All figures, in the order of the report."""


_USED = 0.5
"""Entries of a goal per lifetime from which it counts as used."""


def _question(tree: xr.DataTree) -> str:
    return str(tree.attrs["question"])


def _headline(tree: xr.DataTree, table: pd.DataFrame, verdicts: Sequence[Verdict]) -> Headline:
    """What training for the longest lifetime earns, and from which lifetimes on networks learn."""
    lifetimes, longest = train_lifetimes(tree), longest_lifetime(tree)
    found = row_of(table, "return", trained_for(lifetimes[-1]))
    optimal, floor = (float(row_of(table, "return", who).estimate) for who in ("optimal", "small goal"))
    if math.isfinite(found.estimate):
        earned = quantity(found.estimate, found.lower, found.upper)
        sentence = (
            f"Networks trained for {lifetimes[-1]} steps earn {earned} rewards in {longest}, of the "
            f"{number(optimal, 4)} of the exact optimum; {_regimes(tree)}."
        )
    else:
        sentence = f"A network trained for {lifetimes[-1]} steps diverged; {_regimes(tree)}."
    first = row_of(table, "return", trained_for(lifetimes[0]))
    details = [
        *tally(verdicts),
        f"trained for {lifetimes[0]} steps they earn {quantity(first.estimate, first.lower, first.upper)} in "
        f"{longest}; the small goal for ever earns {number(floor, 3)}, exactly",
        f"full information earns {number(float(row_of(table, 'return', 'informed oracle').estimate), 4)}, exactly",
        f"network: {tree.attrs['network']}",
    ]
    return Headline(sentence, details)


def _regimes(tree: xr.DataTree) -> str:
    """From which training lifetimes on networks use the medium and the high goal."""
    said = []
    for goal in ("medium", "high"):
        rows = measure_rows(tree, f"{goal}_goals")
        used = rows[(rows.who == "network") & (rows.estimate >= _USED)].train_lifetime
        said.append(f"the {goal} goal is " + (f"used from {used.min()} steps on" if len(used) else "never used"))
    return " and ".join(said)


def _diagnostics(tree: xr.DataTree, table: pd.DataFrame) -> list[Diagnostic]:
    """What speaks for the reference and for the measurement."""
    optimum = float(row_of(table, "return", "optimal").estimate)
    what = f"exact dynamic programming over cells, candidate sets and steps to go: {number(optimum, 4)} rewards"
    played = table[table.measure == "played_minus_exact"]
    gaps = table[(table.measure == "gap_minus_lost_rewards") & table.estimate.notna()]
    diverged = [note for note in json.loads(tree.attrs["notes"]) if " diverged: " in note]
    return [
        Diagnostic("Reference", what, ""),
        _largest("References in play", "earned in play and exact values", played),
        _largest("Identity", "networks' summed action gaps and what they earned below the optimum", gaps),
        Diagnostic("Diverged networks", f"{len(diverged)}: {'; '.join(diverged)}" if diverged else "none", ""),
    ]


def _largest(name: str, what: str, rows: pd.DataFrame) -> Diagnostic:
    """Whether the largest of many differences is what chance makes of so many: within 4 standard errors."""
    defined = rows.estimate.abs().dropna()
    if not len(defined):
        return Diagnostic(name, f"{what}: not comparable", "")
    largest = float(np.max(defined))
    outcome = "held" if largest <= AGREEMENT else "failed"
    return Diagnostic(name, f"{what}: at most {number(largest, 2)} standard errors apart, of {len(defined)}", outcome)


def _summary(tree: xr.DataTree, table: pd.DataFrame) -> list[str]:
    """A line per training lifetime: what its networks earn, and with which goals."""
    longest = longest_lifetime(tree)
    optimum = float(row_of(table, "return", "optimal").estimate)
    lines = [f"{tree.attrs['family']}; network: {tree.attrs['network']}"]
    for lifetime in train_lifetimes(tree):
        label = trained_for(lifetime)
        goals = [row_of(table, f"{goal}_goals", label).estimate for goal in ("small", "medium", "high")]
        counts = ", ".join(f"{count:.3g}" for count in goals)
        lines.append(f"{label}: {plain_quantity(row_of(table, 'return', label))}; small, medium, high goals {counts}")
    floor = float(row_of(table, "return", "small goal").estimate)
    return [*lines, f"exactly, in {longest} steps: optimum {optimum:.4g}, small goal for ever {floor:.4g}"]


FORAGERS = Presentation(
    question=_question,
    claims=foraging_claims,
    headline=_headline,
    figures=FORAGING_FIGURES,
    vocabulary=FORAGING_VOCABULARY,
    diagnostics=_diagnostics,
    citations=FORAGING_CITATIONS,
    summary=_summary,
)
"""Comparisons of what networks forage with the exact optimum."""
