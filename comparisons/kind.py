"""What a person is shown of a comparison that depends on its kind, and the one place that picks it by the schema."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from comparisons.claims import Claim, Verdict
from comparisons.tree import (
    DECISION_SCHEMA,
    FORAGING_SCHEMA,
    LIFETIME_SCHEMA,
    ORDER_SCHEMA,
    PREDICTION_SCHEMA,
    REPRODUCTION_SCHEMA,
)


class Citation(NamedTuple):
    """One source: what it is cited for, how a person writes it, where it is, and its BibTeX entry."""

    purpose: str
    text: str
    url: str
    bibtex: str


class ReportFigure(NamedTuple):
    """One figure of a report, before it is drawn."""

    name: str
    """Its file name, without ending."""
    title: str
    is_available: Callable[[xr.DataTree], bool]
    """Whether a tree has the numbers for it."""
    height: Callable[[xr.DataTree], float]
    """Inches, which may depend on how much there is to show."""
    draw: Callable[[xr.DataTree, Figure], object]
    table: Callable[[xr.DataTree], pd.DataFrame]
    alt: str
    """What is seen, for those who do not see it."""
    caption: Callable[[xr.DataTree], str]
    """What to look at."""


def has_group(name: str) -> Callable[[xr.DataTree], bool]:
    """Whether a tree has a group, as a function of the tree."""
    return lambda tree: name in tree.children


def fixed(height: float) -> Callable[[xr.DataTree], float]:
    """The same height in inches for every tree, as a function of the tree."""
    return lambda tree: height


class Headline(NamedTuple):
    """The answer: a sentence, and the numbers to read it by."""

    sentence: str
    details: list[str]


class Diagnostic(NamedTuple):
    """One check of the reference or of the measurement: what was checked, what came out, and whether that is right."""

    name: str
    finding: str
    outcome: str
    """`held`, `failed`, or empty where there is nothing to decide."""


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


class Presentation(NamedTuple):
    """Everything that a report and a summary say of one kind of comparison; the rest is the same for all."""

    question: Callable[[xr.DataTree], str]
    """What a comparison asks that is no experiment."""
    claims: Callable[[xr.DataTree, pd.DataFrame], tuple[Claim, ...]]
    """What is claimed, of what a table of measures can decide."""
    headline: Callable[[xr.DataTree, pd.DataFrame, Sequence[Verdict]], Headline]
    """The answer in one sentence, and the numbers to read it by."""
    figures: tuple[ReportFigure, ...]
    """Figures, in the order of the report; those a tree has no numbers for are left out."""
    vocabulary: Vocabulary
    """Measures, and who is scored, in words."""
    diagnostics: Callable[[xr.DataTree, pd.DataFrame], list[Diagnostic]]
    """What speaks for the reference and for the measurement."""
    citations: tuple[Citation, ...]
    """What the comparison rests on."""
    summary: Callable[[xr.DataTree, pd.DataFrame], list[str]]
    """The answer in a few lines of text, without the notes of the tree."""


def presentation_of(tree: xr.DataTree) -> Presentation:
    """How a comparison is shown, by the schema that its tree names. Raises `ValueError` for another schema."""
    schema = tree.attrs.get("schema")
    if schema == PREDICTION_SCHEMA:
        from comparisons.predictions.kind import PREDICTIONS

        return PREDICTIONS
    if schema == DECISION_SCHEMA:
        from comparisons.decisions.kind import DECISIONS

        return DECISIONS
    if schema == ORDER_SCHEMA:
        from comparisons.order.kind import ORDERS

        return ORDERS
    if schema == LIFETIME_SCHEMA:
        from comparisons.lifetimes.kind import LIFETIMES

        return LIFETIMES
    if schema == FORAGING_SCHEMA:
        from comparisons.foraging.kind import FORAGERS

        return FORAGERS
    if schema == REPRODUCTION_SCHEMA:
        from comparisons import reproductions

        return reproductions.load(str(tree.attrs["paper"])).presentation()
    raise ValueError(f"nothing is known of how to show a comparison whose schema is {schema!r}")
