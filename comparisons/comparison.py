"""The result of a comparison: a labelled tree that can be read, tabulated, drawn, saved and reported."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from comparisons.isolation import isolated
from comparisons.kind import measured
from comparisons.kinds import kind_of
from comparisons.provenance import drift
from comparisons.records import EXPERIMENT_FILE
from comparisons.report.figure import drawn
from comparisons.report.page import answer_in_html, summary_of, write_comparison_report
from comparisons.results import EVALUATION_FILE, result_in
from comparisons.rows import LAYOUT, table_of
from comparisons.tree import REPRODUCTION, open_tree, save_tree, validate, with_attributes

REPRODUCTION_FILE = "reproduction.nc"
COMPARISON_FILE = "comparison.nc"


@dataclass(frozen=True, repr=False)
class Comparison:
    """How far learners are from Bayes-optimal, with everything that the answer rests on."""

    tree: xr.DataTree
    """All scores and measures; the module `tree` of each kind describes the layout."""

    @isolated
    def __repr__(self) -> str:
        """Return the answer in at most ten lines; `summary` has all of it, `table` every number."""
        if "measures" not in self.tree.children:
            return f"Comparison without measures, groups: {', '.join(self.tree.children)}"
        lines = self.summary().splitlines()
        left = [f"  and {len(lines) - 7} more lines in summary()"] if len(lines) > 8 else []
        return "\n".join(["Comparison", *lines[: 7 if left else 8], *left])

    @property
    @isolated
    def table(self) -> pd.DataFrame:
        """The table of results, tidy: measure, who, a column per coordinate, estimate, lower, upper, unit, over."""
        return table_of(self.tree).frame()

    @property
    @isolated
    def figures(self) -> list[str]:
        """Names of the figures that `plot` can draw."""
        return [figure.name for figure in kind_of(self.tree).figures if figure.is_available(self.tree)]

    @isolated
    def plot(self, name: str, figure: Figure | None = None) -> Figure:
        """Draw one of `figures` and return it; `figure` is an empty matplotlib figure to draw on, by default a new one.

        Raises `KeyError` naming all figures if there is none of this name.
        """
        found = [one for one in kind_of(self.tree).figures if one.name == name and one.is_available(self.tree)]
        if not found:
            raise KeyError(f"no figure {name!r}; there are {', '.join(self.figures)}")
        return drawn(found[0], self.tree, figure)

    @isolated
    def summary(self) -> str:
        """Return the answer in a few lines: the sentence, its details with intervals and units, and notes."""
        return summary_of(self.tree)

    @isolated
    def save(self, path: str | Path) -> None:
        """Write the tree to one netCDF file, atomically; `open_comparison` reads it back."""
        save_tree(self.tree, Path(path))

    @isolated
    def write_report(self, path: str | Path) -> Path:
        """Write a self-contained HTML report and return its path.

        A path that ends in `.html` is the report itself, and its figures and tables go to a folder beside it;
        any other path is a folder, and the report is its `index.html`.
        """
        return write_comparison_report(self.tree, Path(path))

    @isolated
    def _repr_html_(self) -> str:
        """Return the answer for a notebook."""
        return answer_in_html(self.tree)


@isolated
def open_comparison(path: str | Path) -> Comparison:
    """Read a saved comparison, or the result in the folder of a run or of a paper.

    A table of results that an earlier version wrote is computed again from the scores. Raises `FileNotFoundError`
    where there is none, and `ValueError` for a file that is foreign, truncated, or does not belong where it is.
    """
    path = Path(path)
    if path.is_dir():
        return _in_folder(path)
    tree = open_tree(path)
    kind = kind_of(tree, str(path))
    validate(tree, kind.schema, str(path))
    if "measures" not in tree.children:
        raise ValueError(f"{path} holds scores but no measures; open its folder: open_comparison({str(path.parent)!r})")
    if tree["measures"].attrs.get("layout") != LAYOUT:
        if kind.schema == REPRODUCTION:
            raise ValueError(
                f"{path} was written by an earlier version; run `bayesgauge run {tree.attrs['paper']}` again"
            )
        return Comparison(measured(tree, kind))
    return Comparison(tree)


def _in_folder(folder: Path) -> Comparison:
    for name in (REPRODUCTION_FILE, COMPARISON_FILE):
        if (folder / name).exists():
            tree = open_comparison(folder / name).tree
            notes = json.loads(tree.attrs["notes"]) + drift("These results were made", tree.attrs["versions"])
            return Comparison(with_attributes(tree, notes=json.dumps(notes)))
    if (folder / EVALUATION_FILE).exists():
        return Comparison(result_in(folder))
    below = sorted(
        str(path.parent.relative_to(folder))
        for name in (EVALUATION_FILE, REPRODUCTION_FILE, COMPARISON_FILE)
        for path in folder.rglob(name)
    )
    if (folder / EXPERIMENT_FILE).exists():
        hint = "its run has not been evaluated yet; run the same command again to finish it"
    elif below:
        hint = f"there are some in {', '.join(below[:5])}" + (f" and {len(below) - 5} more" if len(below) > 5 else "")
    else:
        hint = f"a folder of results holds {EVALUATION_FILE}, {REPRODUCTION_FILE} or {COMPARISON_FILE}"
    raise FileNotFoundError(f"no results in {folder}: {hint}")
