"""The tables of claims on a page: claims in words, by section, each with the figures that show its number."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, get_args

from comparisons.claims import BoundSet, Outcome, Verdict
from comparisons.kind import Kind
from comparisons.report.figure import RenderedFigure
from comparisons.report.words import digits_for, in_percent, interval, number
from comparisons.rows import EXACT

MOST_IN_ONE_TABLE = 6
"""Claims up to which all are one open table; more of them are sorted by section, and those that held are folded up."""

BOUND_SET: dict[BoundSet, str] = {
    "before": "bound set before the result",
    "after": "bound set or moved after a result was seen",
    "theory": "bound from theory",
    "paper": "bound from the paper",
    "not recorded": "not recorded when the bound was set",
}
"""When and from what the bound of a claim was set, in words."""

MARKS: dict[Outcome, str] = {"held": "✓", "failed": "✗", "undecided": "?", "not measurable": "–", "not judged": "·"}
"""Mark of an outcome, so that colour is not the only difference."""


class FigureLink(NamedTuple):
    """A figure of the page that shows a number: its name, and its number on the page."""

    name: str
    number: int


class ClaimRow(NamedTuple):
    """One row of the table of claims, in words."""

    statement: str
    outcome: Outcome
    mark: str
    estimate: str
    interval: str
    bound: str
    unit: str
    over: str
    bound_set: str
    figures: tuple[FigureLink, ...]


class ClaimGroup(NamedTuple):
    """Claims about the measures of one section: those that held, which may be folded up, and the others."""

    title: str
    """Empty where all claims are one group."""
    tally: str
    held: list[ClaimRow]
    others: list[ClaimRow]


def claim_groups(verdicts: Sequence[Verdict], kind: Kind[Any], figures: Sequence[RenderedFigure]) -> list[ClaimGroup]:
    """Return the claims by the section of their measure, in the order of the page; few claims are one open group."""
    rows = claim_rows(verdicts, figures)
    if len(rows) <= MOST_IN_ONE_TABLE:
        return [ClaimGroup("", "", [], rows)] if rows else []
    section_of = {measure.name: section.title for section in kind.sections for measure in section.measures}
    by_section: dict[str, list[ClaimRow]] = {title: [] for title in section_of.values()}
    for verdict, row in zip(verdicts, rows, strict=True):
        by_section.setdefault(section_of.get(verdict.measure, "Other claims"), []).append(row)
    return [
        ClaimGroup(
            title,
            counts([row.outcome for row in found]),
            [row for row in found if row.outcome == "held"],
            [row for row in found if row.outcome != "held"],
        )
        for title, found in by_section.items()
        if found
    ]


def claim_rows(verdicts: Sequence[Verdict], figures: Sequence[RenderedFigure] = ()) -> list[ClaimRow]:
    """Return the table of claims; a fraction is shown as a percentage."""
    return [_claim_row(verdict, figures) for verdict in verdicts]


def claims_in_markdown(rows: Sequence[ClaimRow]) -> str:
    """Return the table of claims as Markdown, for a page of its own."""
    lines = [
        "| claim | verdict | estimate | interval | bound | unit | when the bound was set |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        cells = (row.statement, row.outcome, row.estimate, row.interval, row.bound, row.unit, row.bound_set)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def counts(outcomes: Sequence[Outcome]) -> str:
    """Return how often each outcome occurs, as "4 held, 1 failed"."""
    return ", ".join(f"{outcomes.count(o)} {o}" for o in get_args(Outcome) if o in outcomes)


def _claim_row(verdict: Verdict, figures: Sequence[RenderedFigure]) -> ClaimRow:
    estimate, unit = in_percent(verdict.estimate, verdict.unit)
    lower, upper, least, most = (
        in_percent(value, verdict.unit)[0] for value in (verdict.lower, verdict.upper, verdict.least, verdict.most)
    )
    without_width = "exact" if verdict.over == EXACT else "no spread"
    return ClaimRow(
        verdict.statement,
        verdict.outcome,
        MARKS[verdict.outcome],
        number(estimate, digits_for(estimate, lower, upper)),
        interval(estimate, lower, upper, without_width=without_width),
        _bounds(least, most).replace("-", "−"),
        unit,
        str(verdict.over),
        BOUND_SET[verdict.bound_set],
        tuple(
            FigureLink(figure.name, place)
            for place, figure in enumerate(figures, start=1)
            if verdict.measure in figure.shows and figure.experiment in ("", verdict.experiment)
        ),
    )


def _bounds(least: float, most: float) -> str:
    if math.isinf(least):
        return f"≤ {most:.3g}"
    if math.isinf(most):
        return f"≥ {least:.3g}"
    if least == most:
        return f"= {least:.6g}"
    return f"±{most:.3g}" if least == -most else f"{least:.3g} to {most:.3g}"
