"""The rows of a report's tables, in words: claims, measures and diagnostics, whatever was compared."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from comparisons.claims import Verdict
from comparisons.kind import ROLES, Diagnostic, Vocabulary
from comparisons.report.style import RESOLUTION
from comparisons.rows import Measure

AGREEMENT = 4.0
"""Standard errors within which two estimates of one number agree."""


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
    """One measure of several predictors or agents, in the order of `comparisons.kind.ROLES`."""

    label: str
    rows: list[MeasureRow]


class MeasureSection(NamedTuple):
    """Measures that are read together: heading, explanation, measures."""

    title: str
    explanation: str
    groups: list[MeasureGroup]


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


class Wording(NamedTuple):
    """A measure in words: the part of the table it belongs to, and what the row says."""

    section: str
    label: str


def wording_of(measure: str, vocabulary: Vocabulary) -> Wording:
    """A measure in words; one that is not known here keeps its identifier, with spaces."""
    for pattern, section, label in vocabulary.measures:
        match = re.fullmatch(pattern, measure)
        if match:
            numbers = [int(digits) for digits in match.groups()]
            return Wording(section, label.format(*numbers, last=numbers[-1] - 1 if numbers else None))
    return Wording("other", measure.replace("_", " "))


def number(value: float, digits: int = 3, *, like: float | None = None) -> str:
    """A number with so many significant digits: 0.137, 0.0072, 3.1e-4, 12,300, ∞; a dash where there is none.

    With `like`, in the notation and with the decimals of that number.
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    exponent = int(f"{abs(value if like is None else like):.{digits - 1}e}".split("e")[1])
    sign = "−" if value < 0 else ""
    if -4 < exponent < 5:
        return f"{sign}{abs(value):,.{max(0, digits - 1 - exponent)}f}"
    mantissa, own_exponent = f"{abs(value):.{digits - 1}e}".split("e")
    return f"{sign}{mantissa}e{int(own_exponent)}"


def in_percent(value: float, unit: str) -> tuple[float, str]:
    """A fraction as a percentage; other units as they are."""
    return (100 * value, "%") if unit == "fraction" else (value, unit)


def digits_for(estimate: float, lower: float, upper: float) -> int:
    """Significant digits that an interval supports: 2 to 4; 2 for an estimate without interval.

    An exact estimate has 3, and 3 decimals if it is 1 or more, but none if it is whole; an interval without end
    supports 3.
    """
    if math.isnan(lower) or math.isnan(upper):
        return 2
    if estimate == 0 or not math.isfinite(estimate) or not math.isfinite(upper - lower):
        return 3
    if math.isclose(lower, upper, rel_tol=1e-9):
        before_point = 1 + math.floor(math.log10(abs(estimate)))
        return before_point if estimate.is_integer() else max(3, 3 + before_point)
    relative = (upper - lower) / 2 / abs(estimate)
    return min(4, max(2, 1 + math.ceil(-math.log10(1.4 * relative))))


def interval(estimate: float, lower: float, upper: float, *, without_width: str = "exact") -> str:
    """The interval of an estimate, in brackets; the word for it where it has no width, a dash where there is none."""
    if math.isnan(lower) or math.isnan(upper):
        return "–"
    if math.isclose(lower, upper, rel_tol=1e-9):
        return without_width if math.isfinite(estimate) else "–"
    digits = digits_for(estimate, lower, upper)
    like = estimate if math.isfinite(estimate) else None
    return f"[{number(lower, digits, like=like)}, {number(upper, digits, like=like)}]"


def quantity(estimate: float, lower: float, upper: float) -> str:
    """An estimate with its interval: 3.1e-4 [2.8e-4, 3.4e-4]; the estimate alone where it has none."""
    text = number(estimate, digits_for(estimate, lower, upper))
    bounds = interval(estimate, lower, upper)
    return text if bounds in ("–", "exact") else f"{text} {bounds}"
