"""How a report says things: numbers as a person reads them, and the rows of its tables."""

import math
import string
from collections.abc import Sequence
from typing import Any, NamedTuple, get_args

from comparisons.claims import Outcome, Verdict
from comparisons.kind import Diagnostic, Kind, Measure, Role
from comparisons.report.style import RESOLUTION
from comparisons.rows import Row, Table
from comparisons.statistics.coverage import FEW_SEEDS, STUDENT

_MOST_DIGITS = 8
"""Digits at which the ends of any interval with a width differ."""

SMOKE = "not judged, because this is a smoke run"
"""What is said of claims where sizes are so small that numbers prove nothing."""

AGREEMENT = 4.0
"""Standard errors within which two estimates of one number agree."""


class MeasureRow(NamedTuple):
    """One row of the table of measures, in words."""

    who: str
    role: Role
    quantity: str
    unit: str
    over: str


class MeasureGroup(NamedTuple):
    """The rows of one measure, sorted by role."""

    label: str
    rows: list[MeasureRow]


class MeasureSection(NamedTuple):
    """Measures that are read together: heading, explanation, measures."""

    title: str
    explanation: str
    groups: list[MeasureGroup]


def measure_sections(table: Table, kind: Kind[Any]) -> list[MeasureSection]:
    """Return the table of measures by section; sections and measures without rows are left out."""
    sections = (
        MeasureSection(
            section.title,
            section.explanation,
            [group for measure in section.measures for group in _measure_groups(table, measure, kind)],
        )
        for section in kind.sections
    )
    return [section for section in sections if section.groups]


def subject_of(row: Row, kind: Kind[Any], *, without: Sequence[str] = ()) -> str:
    """Return who a row is about and where, as "network, seed 1", but for the coordinates in `without`.

    The experiment of a reproduction comes first, as "linear: network".
    """
    at = {name: value for name, value in row.at.items() if name not in without}
    experiment = f"{at.pop('experiment')}: " if "experiment" in at else ""
    return experiment + ", ".join([row.who, *(kind.places[name].format(value) for name, value in at.items())])


def agreement(name: str, what: str, gap: float, unit: str) -> Diagnostic:
    """Return whether two estimates of one number agree; where one of them is infinite they cannot be compared."""
    if math.isnan(gap):
        return Diagnostic(name, f"{what}: not comparable, one of them is infinite")
    return Diagnostic(
        name, f"{what}: {number(abs(gap), 2)} {unit} apart", "held" if abs(gap) <= AGREEMENT else "failed"
    )


def seed_assumptions(table: Table) -> str:
    """Return what intervals over few training seeds assume, and what they cover otherwise; empty if there are none.

    They are described for the smallest number of seeds that the table has.
    """
    found = [row.over for _, row in table.entries if not math.isnan(row.interval.lower)]
    few = [over.num_seeds for over in found if 1 < over.num_seeds < FEW_SEEDS]
    if not few:
        return ""
    coverage = STUDENT[min(few)]
    return (
        f"Intervals over {min(few)} training seeds assume normal differences between networks. If networks differ far "
        f"more than tasks do, the intervals cover {coverage.skewed} % instead of 95 % for skewed differences "
        f"(exponential), and {coverage.two_groups} % or {coverage.rare_group} % if networks fall into two groups (1:1 "
        "or 9:1)."
    )


def tally(verdicts: Sequence[Verdict]) -> list[str]:
    """Return how many claims have each outcome, as a detail of an answer; nothing without claims."""
    outcomes = [verdict.outcome for verdict in verdicts]
    if "not judged" in outcomes:
        return [f"claims: {len(outcomes)}, {SMOKE}"]
    counts = ", ".join(f"{outcomes.count(o)} {o}" for o in get_args(Outcome) if o in outcomes)
    return [f"claims: {counts}"] if counts else []


def claims_that_hold(verdicts: Sequence[Verdict], about: str = "") -> str:
    """Return how many claims hold, as a sentence; that none is judged, for a smoke run."""
    outcomes = [verdict.outcome for verdict in verdicts]
    if "not judged" in outcomes:
        return f"{len(outcomes)} claims{about} are {SMOKE}."
    return f"{outcomes.count('held')} of {len(outcomes)} claims{about} hold."


def number(value: float, digits: int = 3, *, like: float | None = None) -> str:
    """Return a number with this many significant digits: 0.137, 0.0072, 3.1e-4, 12,300, ∞; a dash for NaN.

    With `like`, it has the notation and the decimals of that number.
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
    """Return a fraction as a percentage; other units stay as they are."""
    return (100 * value, "%") if unit == "fraction" else (value, unit)


def digits_for(estimate: float, lower: float, upper: float) -> int:
    """Return the significant digits that an interval supports: 2 to 4; 2 for an estimate without interval.

    There are more where the ends of the interval would look alike.

    An exact estimate has 3, and 3 decimals if it is 1 or more, but none if it is whole; an interval without end
    supports 3.
    """
    if math.isnan(lower) or math.isnan(upper):
        return 2
    if estimate == 0 or not math.isfinite(estimate) or not math.isfinite(upper - lower):
        return 3
    if is_point(lower, upper):
        before_point = 1 + math.floor(math.log10(abs(estimate)))
        return before_point if estimate.is_integer() else max(3, 3 + before_point)
    relative = (upper - lower) / 2 / abs(estimate)
    digits = min(4, max(2, 1 + math.ceil(-math.log10(1.4 * relative))))
    while digits < _MOST_DIGITS and number(lower, digits, like=estimate) == number(upper, digits, like=estimate):
        digits += 1
    return digits


def is_point(lower: float, upper: float) -> bool:
    """Return whether an interval has no width beyond rounding error."""
    return math.isclose(lower, upper, rel_tol=1e-7)


def interval(estimate: float, lower: float, upper: float, *, without_width: str = "exact") -> str:
    """Return the interval in brackets; a word where it has no width, a dash where there is none."""
    if math.isnan(lower) or math.isnan(upper):
        return "–"
    if is_point(lower, upper):
        return without_width if math.isfinite(estimate) else "–"
    digits = digits_for(estimate, lower, upper)
    like = estimate if math.isfinite(estimate) else None
    return f"[{number(lower, digits, like=like)}, {number(upper, digits, like=like)}]"


def quantity(estimate: float, lower: float, upper: float) -> str:
    """Return an estimate with its interval: 3.1e-4 [2.8e-4, 3.4e-4]; the estimate alone where it has none."""
    text = number(estimate, digits_for(estimate, lower, upper))
    bounds = interval(estimate, lower, upper)
    return text if bounds in ("–", "exact") else f"{text} {bounds}"


def _measure_groups(table: Table, measure: Measure[Any], kind: Kind[Any]) -> list[MeasureGroup]:
    """Return a group of rows for every label that the measure has in this table."""
    in_label = [name for _, name, _, _ in string.Formatter().parse(measure.label) if name]
    groups: dict[str, list[MeasureRow]] = {}
    for row in table.of(measure.name):
        subject = subject_of(row, kind, without=in_label)
        found = _measure_row(row, subject, kind.role_of(measure.name, row.who))
        groups.setdefault(measure.label.format(**row.at), []).append(found)
    order = get_args(Role)
    for rows in groups.values():
        if measure.zero:
            role = kind.role_of(measure.name, measure.zero)
            rows.append(MeasureRow(measure.zero, role, "0", rows[0].unit, "nothing: exact by definition"))
        rows.sort(key=lambda row: order.index(row.role))
    return [MeasureGroup(label, rows) for label, rows in groups.items()]


def _measure_row(row: Row, who: str, role: Role) -> MeasureRow:
    """Return one row in words; a value that differs from 0 by rounding only is shown as 0."""
    bounds = [0.0 if abs(value) <= RESOLUTION else value for value in row.interval]
    estimate, lower, upper = (in_percent(value, row.unit)[0] for value in bounds)
    unit = in_percent(row.interval.estimate, row.unit)[1]
    return MeasureRow(who, role, quantity(estimate, lower, upper), unit, str(row.over))
