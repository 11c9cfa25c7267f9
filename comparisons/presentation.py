"""What a person is shown of a comparison that depends on its kind, and the one place that picks it by the schema."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd
import xarray as xr

from comparisons.citations import Citation
from comparisons.claims import Claim, Verdict
from comparisons.report_figures import ReportFigure
from comparisons.report_rows import Diagnostic, Headline
from comparisons.tree import (
    DECISION_SCHEMA,
    FORAGING_SCHEMA,
    LIFETIME_SCHEMA,
    ORDER_SCHEMA,
    PREDICTION_SCHEMA,
    REPRODUCTION_SCHEMA,
)
from comparisons.wording import Vocabulary


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
        from comparisons.prediction_presentation import PREDICTIONS

        return PREDICTIONS
    if schema == DECISION_SCHEMA:
        from comparisons.decision_presentation import DECISIONS

        return DECISIONS
    if schema == ORDER_SCHEMA:
        from comparisons.order_presentation import ORDERS

        return ORDERS
    if schema == LIFETIME_SCHEMA:
        from comparisons.lifetime_presentation import LIFETIMES

        return LIFETIMES
    if schema == FORAGING_SCHEMA:
        from comparisons.foraging_presentation import FORAGERS

        return FORAGERS
    if schema == REPRODUCTION_SCHEMA:
        from comparisons import reproductions

        return reproductions.load(str(tree.attrs["paper"])).presentation()
    raise ValueError(f"nothing is known of how to show a comparison whose schema is {schema!r}")
