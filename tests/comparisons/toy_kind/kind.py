"""Comparisons of guesses with those of Bayes."""

from collections.abc import Iterator, Sequence

import xarray as xr

from comparisons.claims import AtMost, Claim, Verdict
from comparisons.kind import Answer, Diagnostic, Kind
from comparisons.report.words import quantity, tally
from comparisons.rows import Table
from tests.comparisons.toy_kind import errors
from tests.comparisons.toy_kind.measures import SECTIONS
from tests.comparisons.toy_kind.tree import SCHEMA


def _claims(tree: xr.DataTree, table: Table) -> Iterator[Claim]:
    yield AtMost("The learner's squared error is at most 0.5.", "squared_error", "learner", 0.5)
    yield AtMost("The learner loses at most 0.1 to Bayes.", "excess_error", "learner", 0.1)


def _answer(tree: xr.DataTree, table: Table, verdicts: Sequence[Verdict]) -> Answer:
    found = table.one("squared_error", "learner")
    return Answer(f"The learner's squared error is {quantity(*found.interval)}.", tally(verdicts))


def _diagnostics(tree: xr.DataTree, table: Table) -> Iterator[Diagnostic]:
    yield Diagnostic("Reference", "exact: the posterior mean")


KIND = Kind(
    schema=SCHEMA,
    question=lambda tree: str(tree.attrs["question"]),
    subject="Guesser",
    roles={"Bayes": "ceiling", "learner": "scored", "prior": "floor"},
    roles_in_words="Ceiling: the posterior mean. Floor: a guesser that sees no numbers.",
    places={},
    scores=lambda tree: tree["errors"].to_dataset(),
    sections=SECTIONS,
    curves=lambda errors: xr.Dataset(),
    claims=_claims,
    answer=_answer,
    diagnostics=_diagnostics,
    figures=(errors.FIGURE,),
    citations=(),
)
