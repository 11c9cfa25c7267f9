"""Panels of curves: which rows of a tree share axes, and how axes of time are drawn.

A system learns, as "network" or "SGD, depth 2"; a condition is the tasks it is tested on. A reproduction has several
variants, each an experiment, as "linear, σ = 0.3"; a single experiment has one, without a name.
"""

import textwrap
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from comparisons.order.systems import IN_DISTRIBUTION
from comparisons.report.style import COLOURS, label_plainly

NUM_LEARNERS = 2
"""Gradient learners that are shown beside the network; all are shown together further on."""

ROLE_COLOURS = {
    "network": COLOURS["network"],
    "Bayes": COLOURS["Bayes"],
    "learner": COLOURS["prior predictive"],
    "control": COLOURS["memoryless"],
    "untrained": COLOURS["untrained network"],
}
"""One colour per role, where there are no modes to tell apart."""

BAYES_LINE: dict[str, Any] = {"linewidth": 2.8, "linestyle": (0, (1.5, 0.7)), "alpha": 0.5, "dash_capstyle": "butt"}
"""Wide and pale, so that lines on top of it can be seen."""

SMALL = 8.0
"""Points: the size of all text but headings."""

ROW = 1.75
"""Inches of a row of panels."""

_BY_GRADIENT = ("learner", "control")

_EARLY = 0.1
"""Share of the recorded time: with a half-time before it, a linear axis would squeeze the first modes together."""

_RISEN = 0.1
"""Recovery at which a mode can be seen to rise."""


class Panel(NamedTuple):
    """Curves that share axes, a colour per mode."""

    title: str
    rows: pd.DataFrame
    """Drawn as lines with bands."""
    reference: pd.DataFrame
    """Those of Bayes on the same tasks, drawn dashed; without rows where there are none."""
    is_logarithmic: bool
    """Whether time is on a logarithmic axis; the learners of a variant share one answer."""


Panels = dict[str, list[Panel]]
"""Panels of each variant, in the order of the tree."""


def curve_rows(tree: xr.DataTree, kind: str) -> pd.DataFrame:
    """Return the curves of one kind, as a table with a row per point."""
    table = tree["curves"].to_dataset().to_dataframe().reset_index(drop=True)
    table = table if "variant" in table else table.assign(variant="")
    return table[table.kind == kind]


def has_curves(kind: str) -> Callable[[xr.DataTree], bool]:
    """Return whether a tree has curves of a kind, as a function of the tree."""
    return lambda tree: len(curve_rows(tree, kind)) > 0


def variants_of(tree: xr.DataTree) -> list[str]:
    """Return the variants of a tree, in its order; one that is empty for a single experiment."""
    dataset = tree["curves"].to_dataset()
    return list(dict.fromkeys(map(str, dataset["variant"].to_numpy()))) if "variant" in dataset else [""]


def order_panels(table: pd.DataFrame) -> Panels:
    """Return per variant the first gradient learners and the network beside Bayes, on tasks as in training."""
    return _by_variant(table, lambda rows: [*_first_learners(rows), *_tested(_trained(rows))])


def learner_panels(table: pd.DataFrame) -> Panels:
    """Return every learner and control, and the untrained network, of variants with more than `order_panels` shows."""
    panels = _by_variant(table, lambda rows: _alone(rows, ("learner", "control", "untrained")))
    shown = {name: len(_first_learners(rows)) for name, rows in table.groupby("variant", sort=False)}
    return {name: members for name, members in panels.items() if len(members) > shown[name]}


def out_of_distribution_panels(table: pd.DataFrame) -> Panels:
    """Return the network beside Bayes on tasks unlike those of training."""
    return _by_variant(table[table.condition != IN_DISTRIBUTION], _tested)


def outer_panels(table: pd.DataFrame) -> Panels:
    """Return what the network recovers in a given time, over its meta-training."""
    panels = _by_variant(table, _tested)
    return {name: [panel._replace(is_logarithmic=True) for panel in members] for name, members in panels.items()}


def table_of_panels(panels: Panels) -> pd.DataFrame:
    """Return all rows that are drawn, each once."""
    tables = [table for members in panels.values() for panel in members for table in (panel.rows, panel.reference)]
    table = pd.concat([table for table in tables if len(table)])
    return table[~table.index.duplicated()].sort_index(kind="stable").reset_index(drop=True)


def columns_of(num_panels: int) -> int:
    """Return how many panels stand side by side."""
    return min(3, num_panels)


def title_width(num_columns: int) -> int:
    """Return how many characters fit above a panel."""
    return {1: 90, 2: 46}.get(num_columns, 28)


def set_title(ax: Axes, title: str, width: int) -> None:
    """Write a title of several lines above a panel."""
    ax.set_title(textwrap.fill(title, width), fontsize=SMALL, loc="left")


def label_time(ax: Axes, rows: pd.DataFrame, *, is_logarithmic: bool) -> None:
    """Scale and label an axis of time."""
    ax.set_xlabel(str(rows.x_unit.iloc[0]), fontsize=SMALL)
    ax.tick_params(labelsize=SMALL)
    times = rows.x[rows.x > 0]
    if is_logarithmic and len(times):
        ax.set_xscale("log")
        label_decades(ax.xaxis, times.max() / _first_shown(rows))
        ax.set_xlim(_first_shown(rows) / 1.02, times.max() * 1.02)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
        ax.xaxis.set_major_formatter("{x:,.0f}")


def label_decades(axis: Axis, ratio: float) -> None:
    """Label a logarithmic axis with plain numbers, at powers of ten where there are several."""
    label_plainly(axis)
    if ratio > 30:
        axis.set_major_locator(LogLocator())
        axis.set_minor_locator(NullLocator())
    axis.set_major_formatter("{x:,g}")


def _first_shown(rows: pd.DataFrame) -> float:
    """Return where a logarithmic axis begins: a tenth of the time at which some mode rises, or the first record."""
    risen = rows.x[(rows.estimate.abs() > _RISEN) & (rows.x > 0)]
    first = float(rows.x[rows.x > 0].min())
    return max(first, float(risen.min()) / 10) if len(risen) else first


def _by_variant(table: pd.DataFrame, panels_of: Callable[[pd.DataFrame], list[Panel]]) -> Panels:
    panels = {str(name): panels_of(rows) for name, rows in table.groupby("variant", sort=False)}
    return {name: members for name, members in panels.items() if members}


def _trained(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows.condition == IN_DISTRIBUTION]


def _first_learners(rows: pd.DataFrame) -> list[Panel]:
    return _alone(_trained(rows), ("learner",))[:NUM_LEARNERS]


def _alone(rows: pd.DataFrame, roles: Iterable[str]) -> list[Panel]:
    """Return a panel for each system in one of some roles, role by role."""
    is_logarithmic = any(
        _is_clearer_in_logarithm(curves) for _, curves in rows[rows.role == "learner"].groupby("system")
    )
    return [
        Panel(_title(str(system), str(condition)), curves, curves.iloc[:0], is_logarithmic and role in _BY_GRADIENT)
        for role in roles
        for (system, condition), curves in rows[rows.role == role].groupby(["system", "condition"], sort=False)
    ]


def _tested(rows: pd.DataFrame) -> list[Panel]:
    """Return a panel for each network and condition, with Bayes beside it."""
    networks = rows[rows.role == "network"]
    is_only_one = networks.system.nunique() == 1
    panels = []
    for (system, condition), curves in networks.groupby(["system", "condition"], sort=False):
        reference = rows[(rows.role == "Bayes") & (rows.condition == condition)]
        is_plain = is_only_one and condition != IN_DISTRIBUTION
        title = str(condition) if is_plain else _title(str(system), str(condition))
        panels.append(Panel(title, curves, reference, False))
    return panels


def _title(system: str, condition: str) -> str:
    return system if condition == IN_DISTRIBUTION else f"{system}, {condition}"


def _is_clearer_in_logarithm(curves: pd.DataFrame) -> bool:
    """Return whether some mode is half recovered in the first part of the recorded time, and none at time 0."""
    half = curves.x[curves.estimate >= 0.5]
    return bool(len(half) and 0 < half.min() < _EARLY * curves.x.max())
