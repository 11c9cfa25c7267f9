"""The records that make up a kind of comparison: measures, figures, claims, the answer, and the kind itself.

A kind is a folder. Its module `kind` holds one `Kind`, and everything that a person is shown is derived from it: the
table of results, the page, the files beside it and the summary. `docs/adding_a_kind.md` adds one step by step.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

import pandas as pd
import xarray as xr

from comparisons.claims import Claim, Verdict
from comparisons.rows import Entry, Resampler, Row, Table, explained
from comparisons.seeding import integer_for
from comparisons.statistics.intervals import LEVEL
from comparisons.tree import Schema

if TYPE_CHECKING:
    from matplotlib.figure import Figure as MatplotlibFigure
    from matplotlib.figure import SubFigure

S = TypeVar("S")

Role = Literal["knows the latents", "ceiling", "sampling noise", "scored", "reference", "floor"]
"""The part that a row plays for a measure. The rows of a measure are shown in this order."""


class Citation(NamedTuple):
    """One source: what it is cited for, how a person writes it, where it is, and its BibTeX entry."""

    purpose: str
    text: str
    url: str
    bibtex: str


class Answer(NamedTuple):
    """The answer of a comparison: one sentence, and the numbers to read it by."""

    sentence: str
    details: list[str]


class Diagnostic(NamedTuple):
    """One check of the reference or of the measurement: what was checked, what came out, and whether that is right."""

    name: str
    finding: str
    outcome: str = ""
    """`held`, `failed`, or empty where there is nothing to decide."""


@dataclass(frozen=True)
class Measure(Generic[S]):
    """A quantity that is measured: its name, its words, and the function that computes its rows from scores."""

    name: str
    """The name that claims, tables and files use."""
    label: str
    """The name on the page, as "KL per prediction after {first} to {last} observations": filled from `Row.at`."""
    unit: str
    """Unit of the rows, as "rewards per {length} trials": filled from the attributes of the tree."""
    rows: Callable[[S, Resampler], Iterable[Row]]
    """Computes the rows; none where the scores say nothing about it."""
    roles: Mapping[str, Role] = field(default_factory=dict)
    """Roles that differ from those of the kind, by `Row.who`."""
    zero: str = ""
    """Whoever scores 0 by definition, shown without a row of its own."""


@dataclass(frozen=True)
class Section(Generic[S]):
    """Measures that are read together."""

    title: str
    explanation: str
    measures: tuple[Measure[S], ...]


def always(tree: xr.DataTree) -> bool:
    """Return that a figure is shown for every tree that has its groups."""
    return True


def no_finding(tree: xr.DataTree, table: pd.DataFrame) -> str:
    """Return nothing: the alternative text of a figure says what is drawn, and no more."""
    return ""


@dataclass(frozen=True)
class Figure:
    """A figure: its table, how the table is drawn, and its words. It is drawn from its table and nothing else."""

    name: str
    """Name of its files, without ending."""
    title: str
    alt: str
    """Alternative text for readers who cannot see the figure: what is drawn, against what."""
    table: Callable[[xr.DataTree], pd.DataFrame]
    """Makes the numbers behind the figure; they are also its CSV file."""
    draw: "Callable[[xr.DataTree, pd.DataFrame, MatplotlibFigure | SubFigure], object]"
    """Draws the table. The tree says what is drawn, such as lengths and names; no number is read from it."""
    caption: Callable[[xr.DataTree, pd.DataFrame], str]
    finding: Callable[[xr.DataTree, pd.DataFrame], str] = no_finding
    """States in numbers what the figure shows; the alternative text ends with it."""
    shows: tuple[str, ...] = ()
    """Measures that are seen in it: claims about them link to the figure."""
    experiment: str = ""
    """The experiment of a reproduction that it is about; empty where it is about all."""
    needs: tuple[str, ...] = ()
    """Groups of the tree without which the figure is left out."""
    is_shown: Callable[[xr.DataTree], bool] = always
    """Whether a tree that has these groups has something to show."""
    height: float | Callable[[pd.DataFrame], float] = 4.0
    """Inches."""

    def is_available(self, tree: xr.DataTree) -> bool:
        """Return whether a tree has the numbers for this figure."""
        return all(group in tree.children for group in self.needs) and self.is_shown(tree)

    def of(self, experiment: str, title: str) -> "Figure":
        """Return the same figure of one experiment, which is a group of a reproduction's tree."""

        def within(tree: xr.DataTree) -> xr.DataTree:
            return tree[experiment]  # pyright: ignore[reportReturnType]

        return dataclasses.replace(
            self,
            name=f"{experiment}-{self.name}",
            title=title,
            table=lambda tree: self.table(within(tree)),
            draw=lambda tree, table, figure: self.draw(within(tree), table, figure),
            caption=lambda tree, table: self.caption(within(tree), table),
            finding=lambda tree, table: self.finding(within(tree), table),
            experiment=experiment,
            needs=(),
            is_shown=lambda tree: experiment in tree.children and self.is_available(within(tree)),
        )


@dataclass(frozen=True)
class Kind(Generic[S]):
    """Everything that a report and a summary say of one kind of comparison; the rest is the same for all."""

    schema: Schema
    question: Callable[[xr.DataTree], str]
    """States what is asked, for a comparison that is no experiment."""
    subject: str
    """Heading of the column that says who was scored, as "Predictor"."""
    roles: Mapping[str, Role]
    """Role of each `Row.who`; "reference" for others."""
    roles_in_words: str
    """What the roles mean, in a sentence or two."""
    places: Mapping[str, str]
    """How a coordinate is said after `Row.who`, as {"training_seed": "seed {}"}."""
    scores: Callable[[xr.DataTree], S]
    """Prepares, once per tree, what the measures read."""
    sections: tuple[Section[S], ...]
    curves: Callable[[S], xr.Dataset]
    """Computes points with intervals, for figures."""
    claims: Callable[[xr.DataTree, Table], Iterable[Claim]]
    """States claims; a report shows those that the table can decide."""
    answer: Callable[[xr.DataTree, Table, Sequence[Verdict]], Answer]
    diagnostics: Callable[[xr.DataTree, Table], Iterable[Diagnostic]]
    """Checks the reference and the measurement."""
    figures: tuple[Figure, ...]
    """Figures in the order of the report; those that a tree has no numbers for are left out."""
    citations: tuple[Citation, ...]
    version: int = 1
    """Version of the measures. A change that moves a number raises it, and finished runs are measured again."""

    def measures(self) -> dict[str, Measure[S]]:
        """Return all measures by name."""
        return {measure.name: measure for section in self.sections for measure in section.measures}

    def role_of(self, measure: str, who: str) -> Role:
        """Return the role of a row."""
        return self.measures()[measure].roles.get(who) or self.roles.get(who, "reference")


def measured(tree: xr.DataTree, kind: Kind[Any]) -> xr.DataTree:
    """Return the tree with two more groups: `measures`, the table of results, and `curves`, points with intervals."""
    scores, seed = kind.scores(tree), int(tree.attrs["seed"])
    table = taken(kind.sections, scores, Resampler(integer_for(seed, "bootstrap")), tree.attrs)
    measures = table.to_dataset().assign_attrs(version=kind.version)
    curves = kind.curves(scores).assign_attrs(level=LEVEL)
    return tree.assign({"measures": xr.DataTree(measures), "curves": xr.DataTree(curves)})


def taken(sections: Sequence[Section[S]], scores: S, over: Resampler, attributes: Mapping[Any, Any]) -> Table:
    """Return the table of all measures of some sections; `attributes` fill in their units."""
    return Table(
        tuple(
            Entry(measure.name, explained(row)._replace(unit=row.unit or measure.unit.format(**attributes)))
            for section in sections
            for measure in section.measures
            for row in measure.rows(scores, over)
        )
    )
