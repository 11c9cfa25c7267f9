"""The result of a comparison: a labelled tree that can be read, tabulated, saved and reported."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr

from comparisons.tree import open_tree, save_tree, validate


@dataclass(frozen=True)
class Comparison:
    """How far networks are from Bayes-optimal prediction, with everything the answer rests on."""

    tree: xr.DataTree
    """All scores and measures, as `comparisons.tree` lays them out."""

    def summary(self) -> str:
        """The answer in a few lines: estimate, interval, unit, floors and ceilings."""
        network, prior, memoryless = (
            self._row("kl_divergence", name) for name in ("network", "prior predictive", "memoryless")
        )
        excess = self._row("excess_log_loss", "network")
        share = self._row("share_of_prior_gap", "network")
        gap = self._row("kl_minus_excess_log_loss", "network").estimate
        curve = self.tree["curves"]["kl_divergence"].sel(predictor="network", bound="estimate")
        length = int(self.tree.attrs["length"])
        worst = int(curve.to_numpy()[:length].argmax())
        lines = [
            f"{self.tree.attrs['family']}, {length} observations; network: {self.tree.attrs['network']}",
            f"KL(Bayes‖network) = {_quantity(network)}, 95 % interval over {network.interval_over}",
            f"  = {share.estimate:.2g} of the prior's gap; worst at t = {worst} ({curve.to_numpy()[worst]:.2g} nats)",
            f"  0 is Bayes-optimal; floors: memoryless {_quantity(memoryless)}, prior {_quantity(prior)}",
            f"excess log loss = {_quantity(excess)}: the same number by another estimate, {abs(gap):.1f} paired "
            f"standard errors apart ({_agreement(gap)})",
        ]
        rows = self.to_dataframe()
        certified = rows[rows.measure.str.startswith("certified_kl_divergence")]
        for row in certified.itertuples():
            lines.append(f"certificate: {row.estimate:.3g} nats/step, summed over every history (no sampling error)")
        lines += [f"note: {note}" for note in json.loads(self.tree.attrs["notes"])]
        return "\n".join(lines)

    def to_dataframe(self) -> pd.DataFrame:
        """The table of results: measure, predictor, estimate, lower, upper, unit, interval_over."""
        return self.tree["measures"].to_dataset().to_dataframe().reset_index(drop=True)

    def save(self, path: str | Path) -> None:
        """Write the tree to one netCDF file, atomically; `open_comparison` reads it back."""
        save_tree(self.tree, Path(path))

    def write_report(self, path: str | Path) -> Path:
        """Write a self-contained HTML report and return its path.

        A path that ends in `.html` is the report itself, and its figures and tables go to a folder beside it;
        any other path is a folder, and the report is its `index.html`.
        """
        from comparisons.report import write_comparison_report

        return write_comparison_report(self.tree, Path(path))

    def _row(self, measure: str, predictor: str) -> pd.Series:
        rows = self.to_dataframe()
        return rows[(rows.measure == measure) & (rows.predictor == predictor)].iloc[0]


def open_comparison(path: str | Path) -> Comparison:
    """Read a saved comparison. Raises `FileNotFoundError`, or `ValueError` for a truncated or foreign file."""
    tree = validate(open_tree(Path(path)), str(path))
    if "measures" not in tree.children:
        raise ValueError(f"{path} holds scores but no measures")
    return Comparison(tree)


def _quantity(row: pd.Series) -> str:
    return f"{row.estimate:.3g} [{row.lower:.3g}, {row.upper:.3g}] {row.unit}"


def _agreement(gap: float) -> str:
    if gap != gap:
        return "cannot be compared: infinite"
    return "agree" if abs(gap) <= 4 else "DISAGREE"
