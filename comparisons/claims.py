"""Claims and verdicts: what an experiment says beforehand, and whether its numbers bear it out.

A claim is decided by the interval, not by the estimate: it held if the whole interval lies on the claimed side,
failed if the whole interval lies on the other, and is undecided in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

Outcome = Literal["held", "failed", "undecided"]


@dataclass(frozen=True)
class AtMost:
    """A measure, with its interval, does not exceed a bound."""

    statement: str
    measure: str
    predictor: str
    bound: float


@dataclass(frozen=True)
class AtLeast:
    """A measure, with its interval, does not fall short of a bound."""

    statement: str
    measure: str
    predictor: str
    bound: float


@dataclass(frozen=True)
class Within:
    """A measure, with its interval, lies between two bounds: a claim of equivalence."""

    statement: str
    measure: str
    predictor: str
    least: float
    most: float


@dataclass(frozen=True)
class Agrees:
    """Two estimates of one number differ by at most so many standard errors of their difference."""

    statement: str
    measure: str
    predictor: str
    standard_errors: float = 4.0


Claim = AtMost | AtLeast | Within | Agrees


class Verdict(NamedTuple):
    """What became of a claim: the estimate with its interval, and the interval from `least` to `most` that was claimed.

    `lower` and `upper` are NaN for a difference counted in standard errors.
    """

    statement: str
    outcome: Outcome
    estimate: float
    lower: float
    upper: float
    least: float
    most: float
    unit: str
    interval_over: str


def judge(table: pd.DataFrame, claims: Sequence[Claim]) -> list[Verdict]:
    """The verdict on every claim, from a table of measures.

    Raises `KeyError` naming the measure where the table lacks what a claim is about.
    """
    return [_judge_one(table, claim) for claim in claims]


def _judge_one(table: pd.DataFrame, claim: Claim) -> Verdict:
    rows = table[(table.measure == claim.measure) & (table.predictor == claim.predictor)]
    if len(rows) != 1:
        raise KeyError(f"the table has {len(rows)} rows for {claim.measure!r} of {claim.predictor!r}, not 1")
    row = rows.iloc[0]
    least, most = _claimed(claim)
    lower, upper = (row.estimate, row.estimate) if isinstance(claim, Agrees) else (row.lower, row.upper)
    if least <= lower and upper <= most:
        outcome: Outcome = "held"
    elif lower > most or upper < least:
        outcome = "failed"
    else:
        outcome = "undecided"
    return Verdict(
        claim.statement, outcome, row.estimate, row.lower, row.upper, least, most, row.unit, row.interval_over
    )


def _claimed(claim: Claim) -> tuple[float, float]:
    """Between what a measure is claimed to lie."""
    match claim:
        case AtMost():
            return -np.inf, claim.bound
        case AtLeast():
            return claim.bound, np.inf
        case Within():
            return claim.least, claim.most
        case Agrees():
            return -claim.standard_errors, claim.standard_errors


def decidable(claims: Sequence[Claim], table: pd.DataFrame) -> tuple[Claim, ...]:
    """Those claims whose measure the table has."""
    available = set(zip(table.measure, table.predictor, strict=True))
    return tuple(claim for claim in claims if (claim.measure, claim.predictor) in available)
