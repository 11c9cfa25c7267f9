"""How a report says things: numbers as a person reads them, and measures by names instead of identifiers."""

import math
import re
from collections.abc import Callable
from typing import NamedTuple


class Wording(NamedTuple):
    """A measure in words: the part of the table it belongs to, and what the row says."""

    section: str
    label: str


class Vocabulary(NamedTuple):
    """The words of one kind of comparison for its measures and for whom they are of."""

    subject: str
    """What is scored: the heading of a column, as "Predictor"."""
    sections: dict[str, tuple[str, str]]
    """Parts of the table of measures, in order: heading and explanation."""
    measures: tuple[tuple[str, str, str], ...]
    """Pattern of a measure's identifier, its section, and its label."""
    role_of: Callable[[str, str], str]
    """What a predictor or agent is for a measure: one of `ROLES`."""
    roles: str
    """What the roles mean, in a sentence or two."""
    ceilings: dict[str, str]
    """Who scores exactly 0 by definition, for each section whose measures lack that row."""


ROLES = ("knows the latents", "ceiling", "sampling noise", "scored", "reference", "floor")
"""What a predictor or agent can be for a measure, in the order of a table's rows."""


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
