"""How a report says things: numbers as a person reads them, and measures by names instead of identifiers."""

import math
import re
from typing import NamedTuple


class Wording(NamedTuple):
    """A measure in words: the part of the table it belongs to, and what the row says."""

    section: str
    label: str


SECTIONS = {
    "kl": (
        "KL from Bayes",
        "KL(Bayes‖predictor): nats lost by predicting with it where Bayes is right. 0 is Bayes-optimal.",
    ),
    "share": ("The network's error in proportion", "0 % is Bayes-optimal; 100 % is no better than the floor named."),
    "beyond": ("Beyond the scored length", "The same KL, for later predictions than those that are scored above."),
    "excess": (
        "Excess log loss",
        "Log loss of the network minus that of Bayes on the same sequences: KL by another estimate.",
    ),
    "regret": ("Regret to the oracle", "Cumulative log loss above that of an oracle which knows each task's latents."),
    "loss": ("Log loss", "Per prediction. Only the oracle, which knows the latents, can be better than Bayes."),
    "calibration": (
        "Calibration",
        "Mean distance between stated and observed frequency. Bayes is calibrated, so its row is sampling noise.",
    ),
    "order": (
        "Order of observations",
        "The order cost is what ignoring the order would save of the mean KL over reorderings. 0 is Bayes-optimal.",
    ),
    "certificate": ("Certificate", "KL(Bayes‖network), summed over every possible history: no sampling error."),
    "other": ("Other measures", ""),
}
"""Parts of the table of measures, in order: heading and explanation."""

_WORDINGS = (
    (r"kl_divergence", "kl", "KL per prediction"),
    (r"share_of_prior_gap", "share", "KL as a share of the prior predictive's"),
    (r"share_of_memoryless_gap", "share", "KL as a share of the memoryless predictor's"),
    (r"excess_log_loss", "excess", "excess log loss"),
    (r"kl_minus_excess_log_loss", "excess", "KL minus excess log loss"),
    (r"regret_to_oracle", "regret", "cumulative regret"),
    (r"log_loss", "loss", "log loss"),
    (r"calibration_error", "calibration", "calibration error"),
    (r"kl_divergence_from_(\d+)_to_(\d+)", "beyond", "KL per prediction after {0} to {last} observations"),
    (r"order_cost_after_(\d+)", "order", "order cost after {0} observations"),
    (r"kl_divergence_over_orders_after_(\d+)", "order", "mean KL over orders after {0} observations"),
    (r"certified_kl_divergence_to_(\d+)", "certificate", "exact KL of the first {0} predictions"),
    (r"sampled_kl_divergence_to_(\d+)", "certificate", "sampled KL of the first {0} predictions"),
    (r"sampled_minus_certified", "certificate", "sampled minus exact KL"),
    (r"worst_history_kl", "certificate", "KL after the worst history"),
)


def wording_of(measure: str) -> Wording:
    """A measure in words; one that is not known here keeps its identifier, with spaces."""
    for pattern, section, label in _WORDINGS:
        match = re.fullmatch(pattern, measure)
        if match:
            numbers = [int(digits) for digits in match.groups()]
            return Wording(section, label.format(*numbers, last=numbers[-1] - 1 if numbers else None))
    return Wording("other", measure.replace("_", " "))


def role_of(predictor: str, measure: str) -> str:
    """What a predictor is for a measure: what is scored, the best possible (ceiling), or less than Bayes (floor)."""
    if predictor.startswith("network"):
        return "scored"
    if predictor == "oracle":
        return "knows the latents"
    if predictor == "Bayes":
        return "sampling noise" if measure == "calibration_error" else "ceiling"
    return "floor"


def number(value: float, digits: int = 3, *, like: float | None = None) -> str:
    """A number with so many significant digits: 0.137, 3.1e-4, 12,300, ∞; a dash where there is none.

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
    if -3 < exponent < 5:
        return f"{sign}{abs(value):,.{max(0, digits - 1 - exponent)}f}"
    mantissa, own_exponent = f"{abs(value):.{digits - 1}e}".split("e")
    return f"{sign}{mantissa}e{int(own_exponent)}"


def in_percent(value: float, unit: str) -> tuple[float, str]:
    """A fraction as a percentage; other units as they are."""
    return (100 * value, "%") if unit == "fraction" else (value, unit)


def digits_for(estimate: float, lower: float, upper: float) -> int:
    """Significant digits that an interval supports: 2 to 4; 3 for an exact estimate, 2 for one without interval."""
    if math.isnan(lower) or math.isnan(upper):
        return 2
    if estimate == 0 or math.isinf(estimate) or math.isclose(lower, upper, rel_tol=1e-9):
        return 3
    relative = (upper - lower) / 2 / abs(estimate)
    return min(4, max(2, 1 + math.ceil(-math.log10(1.4 * relative))))


def interval(estimate: float, lower: float, upper: float) -> str:
    """The interval of an estimate, in brackets; "exact" where it has no width, a dash where there is none."""
    if math.isnan(lower) or math.isnan(upper):
        return "–"
    if math.isclose(lower, upper, rel_tol=1e-9):
        return "exact" if math.isfinite(estimate) else "–"
    digits = digits_for(estimate, lower, upper)
    return f"[{number(lower, digits, like=estimate)}, {number(upper, digits, like=estimate)}]"


def quantity(estimate: float, lower: float, upper: float) -> str:
    """An estimate with its interval: 3.1e-4 [2.8e-4, 3.4e-4]; the estimate alone where it has none."""
    text = number(estimate, digits_for(estimate, lower, upper))
    bounds = interval(estimate, lower, upper)
    return text if bounds in ("–", "exact") else f"{text} {bounds}"
