"""How a comparison of foragers is shown: its question, headline, diagnostics and summary."""

import json
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.citations import FORAGING_CITATIONS
from comparisons.claims import Verdict
from comparisons.foraging_claims import foraging_claims
from comparisons.foraging_measures import trained_for
from comparisons.foraging_report_figures import FORAGING_FIGURES
from comparisons.foraging_tables import longest_lifetime, measure_rows, train_lifetimes
from comparisons.foraging_wording import FORAGING_VOCABULARY
from comparisons.presentation import Presentation
from comparisons.report_rows import AGREEMENT, Diagnostic, Headline, plain_quantity, row_of, tally
from comparisons.wording import number, quantity

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
