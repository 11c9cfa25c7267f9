"""Comparisons of networks that forage with the exact optimum."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from comparisons.claims import Verdict
from comparisons.foraging.claims import claims_of
from comparisons.foraging.figures import course, entropy, occupancy, returns, states, transfer
from comparisons.foraging.measures import SECTIONS
from comparisons.foraging.players import curves_of, scores_of
from comparisons.foraging.tree import SCHEMA, diverged_networks, longest_lifetime, train_lifetimes
from comparisons.kind import Answer, Diagnostic, Kind
from comparisons.report.citations import DUAN, KAKADE, LANGE, MIKULIK, NUMPYRO, PYTORCH, WANG
from comparisons.report.words import AGREEMENT, number, quantity, tally
from comparisons.rows import Row, Table
from comparisons.tree import title_in

USED = 0.5
"""Entries of a goal per lifetime from which it counts as used."""


def _question(tree: xr.DataTree) -> str:
    return str(tree.attrs["question"])


def _answer(tree: xr.DataTree, table: Table, verdicts: Sequence[Verdict]) -> Answer:
    """Return what training for the longest lifetime earns, and what networks of each lifetime earn and use."""
    lifetimes, longest = train_lifetimes(tree), longest_lifetime(tree)
    optimum, alone, oracle = (
        number(table.one("return", who).interval.estimate, 4) for who in ("optimal", "small goal", "oracle")
    )
    found = table.one("return", "network", train_lifetime=lifetimes[-1])
    if math.isfinite(found.interval.estimate):
        sentence = (
            f"Networks trained for {lifetimes[-1]} steps earn {quantity(*found.interval)} rewards in {longest}, of the "
            f"{optimum} of the exact optimum; {_regimes(table)}."
        )
    else:
        sentence = f"A network trained for {lifetimes[-1]} steps diverged; {_regimes(table)}."
    details = [
        *tally(verdicts),
        *(_earned(table, lifetime, longest) for lifetime in lifetimes),
        f"exactly, in {longest} steps: the optimum earns {optimum}, the small goal alone {alone}, and an oracle that "
        f"knows all goals {oracle}",
        f"family: {title_in(tree)}",
        f"network: {tree.attrs['network']}",
    ]
    return Answer(sentence, details)


def _regimes(table: Table) -> str:
    """Return from which training lifetimes on networks use the medium and the high goal."""
    said = []
    for goal in ("medium", "high"):
        rows = [row for row in table.of(f"{goal}_goals") if row.who == "network" and row.interval.estimate >= USED]
        first = min((int(row.at["train_lifetime"]) for row in rows), default=None)
        said.append(f"the {goal} goal is " + (f"used from {first} steps on" if first else "never used"))
    return " and ".join(said)


def _earned(table: Table, lifetime: int, longest: int) -> str:
    """Return what networks of one training lifetime earn, and how often they enter each goal."""
    found = table.one("return", "network", train_lifetime=lifetime)
    if math.isnan(found.interval.estimate):
        return f"trained for {lifetime} steps: a network diverged"
    goals = [table.one(f"{goal}_goals", "network", train_lifetime=lifetime) for goal in ("small", "medium", "high")]
    small, medium, high = (number(row.interval.estimate) for row in goals)
    return (
        f"trained for {lifetime} steps: {quantity(*found.interval)} rewards in {longest}; entries of the small, medium "
        f"and high goal: {small}, {medium} and {high}"
    )


def _diagnostics(tree: xr.DataTree, table: Table) -> Iterator[Diagnostic]:
    optimum = number(table.one("return", "optimal").interval.estimate, 4)
    yield Diagnostic(
        "Reference",
        "exact dynamic programming over cells, sets of possible goals and remaining steps: the optimum earns "
        f"{optimum} rewards",
    )
    yield _largest("References in play", "mean rewards in play and exact values", table.of("played_minus_exact"))
    yield _largest(
        "Identity", "networks' summed action gaps and the rewards they lose", table.of("gap_minus_lost_rewards")
    )
    diverged = [f"trained for {lifetime} steps, seed {seed}" for lifetime, seed in diverged_networks(tree)]
    yield Diagnostic("Diverged networks", f"{len(diverged)}: {'; '.join(diverged)}" if diverged else "none")


def _largest(name: str, what: str, rows: Sequence[Row]) -> Diagnostic:
    """Return whether the largest of many differences, in standard errors, is at most `AGREEMENT`."""
    gaps = np.abs([row.interval.estimate for row in rows])
    gaps = gaps[~np.isnan(gaps)]
    if not len(gaps):
        return Diagnostic(name, f"{what}: not comparable")
    largest = float(gaps.max())
    finding = f"{what}: at most {number(largest, 2)} standard errors apart, in {len(gaps)} comparisons"
    return Diagnostic(name, finding, "held" if largest <= AGREEMENT else "failed")


KIND = Kind(
    schema=SCHEMA,
    question=_question,
    subject="Player",
    roles={
        "oracle": "knows the latents",
        "optimal": "ceiling",
        "network": "scored",
        "small goal": "floor",
        "untrained network": "floor",
    },
    roles_in_words="Scored: networks, by the lifetime they were trained for. Ceiling: the Bayes-optimal policy. "
    "Floors: always walking to the small goal, and networks that were not trained. The oracle knows where all goals "
    "are.",
    places={
        "train_lifetime": "trained for {} steps",
        "test_lifetime": "tested in {} steps",
        "from_lifetime": "from {} steps",
        "to_lifetime": "to {} steps",
        "components": "{} components",
    },
    scores=scores_of,
    sections=SECTIONS,
    curves=curves_of,
    claims=claims_of,
    answer=_answer,
    diagnostics=_diagnostics,
    figures=(returns.FIGURE, transfer.FIGURE, occupancy.FIGURE, course.FIGURE, entropy.FIGURE, states.FIGURE),
    citations=(LANGE, DUAN, WANG, MIKULIK, KAKADE, NUMPYRO, PYTORCH),
    version=2,
)
