"""The reproduction of Lange & Sprekeler 2020: its answer, and figures of its experiments."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import xarray as xr

from comparisons.claims import Verdict
from comparisons.foraging.figures import course, entropy, occupancy, returns, states, transfer
from comparisons.foraging.kind import KIND as FORAGING
from comparisons.kind import Answer, Diagnostic, Kind, Section
from comparisons.lifetimes.figures import behaviour, development, exploration, map_development, regret, seeds, values
from comparisons.lifetimes.kind import KIND as LIFETIMES
from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK, PRINTED
from comparisons.report.words import claims_that_hold, number, quantity, subject_of, tally
from comparisons.reproductions.lange_sprekeler_2020 import across, pairs_figure
from comparisons.reproductions.lange_sprekeler_2020.claims import claims_of
from comparisons.reproductions.lange_sprekeler_2020.paper import QUESTION
from comparisons.reproductions.lange_sprekeler_2020.reference_claims import POINTS
from comparisons.rows import Table
from comparisons.tree import REPRODUCTION

ALLOWED_ERROR = 0.02
"""Numerical error of a value, in rewards per lifetime, that is allowed."""

FIGURES = (
    exploration.FIGURE.of("theory", "The three reference policies on the paper's grid (figure 1, left)"),
    values.FIGURE.of("points", "Three points, well trained (figure 2, top)"),
    development.FIGURE.of("points", "Three points, well trained, over training"),
    behaviour.FIGURE.of("points", "Three points, well trained: single networks (figure 3)"),
    seeds.FIGURE.of("points_many_seeds", "Thirty seeds, trained quickly"),
    seeds.FIGURE.of("points_paper", "Thirty seeds in the paper's settings (figure 2, bottom)"),
    development.FIGURE.of("points_paper", "Thirty seeds in the paper's settings, over training"),
    exploration.FIGURE.of("map_25", "A map at lifetime 25 (figure 1)"),
    exploration.FIGURE.of("map_100", "A map at lifetime 100 (figure 1)"),
    regret.FIGURE.of("map_100", "Regret over the map at lifetime 100"),
    exploration.FIGURE.of("map_100_paper", "The map in the paper's settings (figure 1, right)"),
    map_development.FIGURE.of("map_100_paper", "The map in the paper's settings, over training (figure 8)"),
    behaviour.FIGURE.of("map_100_paper", "Two networks in the paper's settings (figure 3)"),
    exploration.FIGURE.of("one_network", "One network for the whole map"),
    regret.FIGURE.of("one_network", "Regret of one network for the whole map"),
    behaviour.FIGURE.of("one_network", "One network in two settings: hard-coding and learning (figure 3)"),
    pairs_figure.FIGURE,
    returns.FIGURE.of("foraging", "Foraging: returns and goals (figure 5)"),
    transfer.FIGURE.of("foraging", "Foraging: networks in lifetimes that they were not trained for (figure 6)"),
    occupancy.FIGURE.of("foraging", "Foraging: cells in which steps are spent (figure 4)"),
    course.FIGURE.of("foraging", "Foraging: returns over training (figure 4)"),
    entropy.FIGURE.of("foraging", "Foraging: entropy of choices (figure 9)"),
    states.FIGURE.of("foraging", "Foraging: dimensions of hidden states (figure 9)"),
)
"""Figures of experiments in the order of the report, under their titles there."""

SECTIONS: tuple[Section[Any], ...] = (
    *LIFETIMES.sections,
    across.SECTION,
    *(dataclasses.replace(section, title=f"Foraging: {section.title}") for section in FORAGING.sections),
)
"""Measures of fixed-arm bandits, those across experiments, and those of foraging."""


def _answer(tree: xr.DataTree, table: Table, verdicts: Sequence[Verdict]) -> Answer:
    """Return what the printed theory forbids and networks do all the same, and how many claims hold."""
    sentence = claims_that_hold(verdicts)
    at = {"experiment": "points", **POINTS["no learn"]}
    printed = table.get("printed_exploring_value", PRINTED, **at)
    commit, best, network = (table.get("value", who, **at) for who in (COMMIT, BAYES, NETWORK))
    if printed and commit and best and network:
        sentence = (
            f'At the paper\'s "no learn" point, the printed formula gives exploring a value of '
            f"{number(printed.interval.estimate)} rewards. The {COMMIT} earns {number(commit.interval.estimate)}, the "
            f"{BAYES} {number(best.interval.estimate)}, and well-trained networks {quantity(*network.interval)}: "
            f"learning pays there. {sentence}"
        )
    shares = {
        subject_of(row, KIND): quantity(*(100 * value for value in row.interval))
        for row in table.of("share_of_optimum")
        if row.who == NETWORK
    }
    details = [
        *tally(verdicts),
        f"three references: the {PRINTED} of the paper, the {COMMIT}, and the {BAYES}, which is the best possible; "
        "baseline: never exploring; upper bound: an oracle that knows the unknown arm's mean",
        *(f"{who}: {share} % of the Bayes-optimal value" for who, share in shares.items()),
    ]
    return Answer(sentence, details)


def _diagnostics(tree: xr.DataTree, table: Table) -> Iterator[Diagnostic]:
    yield Diagnostic(
        "References",
        "closed forms, backward induction and dynamic programming; the report of each experiment, listed under "
        "Provenance, has its diagnostics and its own baselines",
    )
    if errors := table.of("largest_error"):
        largest = max(row.interval.estimate for row in errors)
        finding = f"at most {number(largest)} rewards over the grid, measured; {ALLOWED_ERROR:g} are allowed"
        yield Diagnostic(
            "Numerical error of Bayes-optimal values", finding, "held" if largest <= ALLOWED_ERROR else "failed"
        )
    if diverged := table.of("diverged_networks"):
        yield Diagnostic("Networks that diverged", number(sum(row.interval.estimate for row in diverged)))


KIND = Kind(
    schema=REPRODUCTION,
    question=lambda tree: QUESTION,
    subject="Experiment, and policy",
    roles={**LIFETIMES.roles, **FORAGING.roles},
    roles_in_words=f"{LIFETIMES.roles_in_words} Foraging: {FORAGING.roles_in_words}",
    places={**LIFETIMES.places, **FORAGING.places},
    scores=lambda tree: {},
    sections=SECTIONS,
    curves=lambda scores: xr.Dataset(),
    claims=claims_of,
    answer=_answer,
    diagnostics=_diagnostics,
    figures=FIGURES,
    citations=tuple(dict.fromkeys((*LIFETIMES.citations, *FORAGING.citations))),
)
