"""The result of a comparison: a labelled tree that can be read, tabulated, saved and reported."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr

from comparisons.tree import open_tree, save_tree, validate


@dataclass(frozen=True)
class Comparison:
    """How far networks are from Bayes-optimal prediction or decisions, with everything the answer rests on."""

    tree: xr.DataTree
    """All scores and measures, as `comparisons.tree` lays them out."""

    def summary(self) -> str:
        """The answer in a few lines: estimate, interval, unit, floors and ceilings."""
        from comparisons.kind import presentation_of

        notes = [f"note: {note}" for note in json.loads(self.tree.attrs["notes"])]
        return "\n".join([*presentation_of(self.tree).summary(self.tree, self.to_dataframe()), *notes])

    def to_dataframe(self) -> pd.DataFrame:
        """The table of results: measure, predictor (or agent), estimate, lower, upper, unit, interval_over."""
        return self.tree["measures"].to_dataset().to_dataframe().reset_index(drop=True)

    def save(self, path: str | Path) -> None:
        """Write the tree to one netCDF file, atomically; `open_comparison` reads it back."""
        save_tree(self.tree, Path(path))

    def write_report(self, path: str | Path) -> Path:
        """Write a self-contained HTML report and return its path.

        A path that ends in `.html` is the report itself, and its figures and tables go to a folder beside it;
        any other path is a folder, and the report is its `index.html`.
        """
        from comparisons.report.page import write_comparison_report

        return write_comparison_report(self.tree, Path(path))


def open_comparison(path: str | Path) -> Comparison:
    """Read a saved comparison. Raises `FileNotFoundError`, or `ValueError` for a truncated or foreign file."""
    tree = validate(open_tree(Path(path)), str(path))
    if "measures" not in tree.children:
        raise ValueError(f"{path} holds scores but no measures")
    return Comparison(tree)
