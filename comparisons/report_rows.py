"""The rows of a report's tables, in words: claims, measures and diagnostics, whatever was compared."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from comparisons.claims import Verdict
from comparisons.figure_style import RESOLUTION
from comparisons.measures import Measure
from comparisons.wording import ROLES, Vocabulary, digits_for, in_percent, interval, number, quantity, wording_of

AGREEMENT = 4.0
"""Standard errors within which two estimates of one number agree."""


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
    """What one predictor or agent scores in one measure, in words."""

    predictor: str
    role: str
    quantity: str
    unit: str
    interval_over: str


class MeasureGroup(NamedTuple):
    """One measure of several predictors or agents, in the order of `comparisons.wording.ROLES`."""

    label: str
    rows: list[MeasureRow]


class MeasureSection(NamedTuple):
    """Measures that are read together: heading, explanation, measures."""

    title: str
    explanation: str
    groups: list[MeasureGroup]


class Diagnostic(NamedTuple):
    """One check of the reference or of the measurement: what was checked, what came out, and whether that is right."""

    name: str
    finding: str
    outcome: str
    """`held`, `failed`, or empty where there is nothing to decide."""


def claims_in_markdown(rows: Sequence[ClaimRow]) -> str:
    """The table of claims as Markdown, for a page of its own."""
    lines = ["| claim | verdict | estimate | interval | bound | unit |", "| --- | --- | --- | --- | --- | --- |"]
    for row in rows:
        cells = (row.statement, row.outcome, row.estimate, row.interval, row.bound, row.unit)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def claim_rows(verdicts: Sequence[Verdict]) -> list[ClaimRow]:
    """The table of claims; a fraction is shown as a percentage."""
    return [_claim_row(verdict) for verdict in verdicts]


def measure_sections(table: pd.DataFrame, vocabulary: Vocabulary) -> list[MeasureSection]:
    """The table of measures by section, each measure with its ceiling and its floors where it has them."""
    groups: dict[str, list[MeasureGroup]] = {key: [] for key in vocabulary.sections}
    for measure, found in table.groupby("measure", sort=False):
        section, label = wording_of(str(measure), vocabulary)
        rows = [_measure_row(Measure(*row), vocabulary) for row in found[list(Measure._fields)].itertuples(index=False)]
        if section in vocabulary.ceilings:
            unit = in_percent(0.0, str(found.unit.iloc[0]))[1]
            best = vocabulary.ceilings[section]
            rows.append(MeasureRow(best, "ceiling", "0", unit, "nothing: exact by definition"))
        groups[section].append(MeasureGroup(label, sorted(rows, key=lambda row: ROLES.index(row.role))))
    return [MeasureSection(*vocabulary.sections[key], members) for key, members in groups.items() if members]


def agreement(name: str, what: str, gap: float, unit: str) -> Diagnostic:
    """Whether two estimates of one number agree; where one of them is infinite there is nothing to compare."""
    if math.isnan(gap):
        return Diagnostic(name, f"{what}: not comparable, one of them is infinite", "")
    return Diagnostic(
        name, f"{what}: {number(abs(gap), 2)} {unit} apart", "held" if abs(gap) <= AGREEMENT else "failed"
    )


def tally(verdicts: Sequence[Verdict]) -> list[str]:
    """How many claims held, failed and are undecided, as a detail of a headline; nothing where nothing is claimed."""
    outcomes = [verdict.outcome for verdict in verdicts]
    counts = ", ".join(f"{outcomes.count(o)} {o}" for o in ("held", "failed", "undecided") if o in outcomes)
    return [f"claims: {counts}"] if counts else []


def row_of(table: pd.DataFrame, measure: str, predictor: str) -> pd.Series:
    """The row of a table of measures for one measure of one predictor or agent."""
    return table[(table.measure == measure) & (table.predictor == predictor)].iloc[0]


def plain_quantity(row: pd.Series) -> str:
    """A row of a table of measures for a summary: estimate, interval and unit."""
    return f"{row.estimate:.3g} [{row.lower:.3g}, {row.upper:.3g}] {row.unit}"


def plain_agreement(gap: float) -> str:
    """Whether two estimates so many standard errors apart agree, for a summary."""
    if math.isnan(gap):
        return "cannot be compared: infinite"
    return "agree" if abs(gap) <= AGREEMENT else "DISAGREE"


def _claim_row(verdict: Verdict) -> ClaimRow:
    estimate, unit = in_percent(verdict.estimate, verdict.unit)
    lower, _ = in_percent(verdict.lower, verdict.unit)
    upper, _ = in_percent(verdict.upper, verdict.unit)
    least, _ = in_percent(verdict.least, verdict.unit)
    most, _ = in_percent(verdict.most, verdict.unit)
    without_width = "exact" if verdict.interval_over.startswith("nothing") else "all alike"
    return ClaimRow(
        verdict.statement,
        verdict.outcome,
        number(estimate, digits_for(estimate, lower, upper)),
        interval(estimate, lower, upper, without_width=without_width),
        _bounds(least, most).replace("-", "−"),
        unit,
        verdict.interval_over,
    )


def _bounds(least: float, most: float) -> str:
    if math.isinf(least):
        return f"≤ {most:.3g}"
    if math.isinf(most):
        return f"≥ {least:.3g}"
    return f"±{most:.3g}" if least == -most else f"{least:.3g} to {most:.3g}"


def _measure_row(row: Measure, vocabulary: Vocabulary) -> MeasureRow:
    """One row in words; what is zero but for the rounding of float64 is said to be 0."""
    bounds = [0.0 if abs(value) <= RESOLUTION else value for value in (row.estimate, row.lower, row.upper)]
    estimate, lower, upper = (in_percent(value, row.unit)[0] for value in bounds)
    text, unit = quantity(estimate, lower, upper), in_percent(row.estimate, row.unit)[1]
    return MeasureRow(row.predictor, vocabulary.role_of(row.predictor, row.measure), text, unit, row.interval_over)
