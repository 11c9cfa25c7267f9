"""Which curves each figure of an order of learning shows: the rows of a comparison's tree, sorted into panels.

A system is who learns, as "network" or "SGD, depth 2"; a condition is what tasks it is tested on. A reproduction has
several variants, each an experiment, as "linear, σ = 0.3"; a single experiment has one, without a name. Measures are of
a label made of these: `[variant: ]system[, condition]`.
"""

import textwrap
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from comparisons.order.measures import owner_of
from comparisons.order.systems import IN_DISTRIBUTION
from comparisons.report.style import COLOURS, label_plainly

NUM_LEARNERS = 2
"""Gradient learners that are shown beside the network; all are shown together further on."""


_ALONE = ""
"""The variant of a tree that has no others beside it."""


_BY_GRADIENT = ("learner", "control")


_EARLY = 0.1
"""Share of the recorded time: with a half-time before it, a linear axis would squeeze the first modes together."""


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


def label_of(variant: str, system: str, condition: str) -> str:
    """Whom the rows of a table of measures are of: "linear, σ = 0.3: network, singular values × 4"."""
    whose = system if condition == IN_DISTRIBUTION else f"{system}, {condition}"
    return f"{variant}: {whose}" if variant else whose


def curve_rows(tree: xr.DataTree, kind: str) -> pd.DataFrame:
    """The curves of one kind, as a table with a row per point."""
    table = _curves(tree)
    return table[table.kind == kind]


def has_curves(kind: str) -> Callable[[xr.DataTree], bool]:
    """Whether a tree has curves of a kind, as a function of the tree."""
    return lambda tree: "curves" in tree.children and len(curve_rows(tree, kind)) > 0


def variants_of(tree: xr.DataTree) -> list[str]:
    """The variants of a tree, in its order; one that is empty for a single experiment."""
    return list(dict.fromkeys(map(str, _curves(tree).variant)))


def order_panels(tree: xr.DataTree) -> Panels:
    """Per variant the first gradient learners and the network beside Bayes, on tasks as in training."""
    table = curve_rows(tree, "recovery")
    return _by_variant(table[table.condition == IN_DISTRIBUTION], lambda rows: [*_first_learners(rows), *_tested(rows)])


def learner_panels(tree: xr.DataTree) -> Panels:
    """Every learner and control, and the untrained network, of those variants that have more than are shown above."""
    table = curve_rows(tree, "recovery")
    panels = _by_variant(table, lambda rows: _alone(rows, ("learner", "control", "untrained")))
    shown = {name: len(_first_learners(rows)) for name, rows in table.groupby("variant", sort=False)}
    return {name: members for name, members in panels.items() if len(members) > shown[name]}


def out_of_distribution_panels(tree: xr.DataTree) -> Panels:
    """The network beside Bayes on tasks unlike those of training."""
    table = curve_rows(tree, "recovery")
    return _by_variant(table[table.condition != IN_DISTRIBUTION], _tested)


def outer_panels(tree: xr.DataTree) -> Panels:
    """What the network recovers in a given time, over its meta-training."""
    panels = _by_variant(curve_rows(tree, "outer"), _tested)
    return {name: [panel._replace(is_logarithmic=True) for panel in members] for name, members in panels.items()}


def table_of(panels: Panels) -> pd.DataFrame:
    """All rows that are drawn, each once: the numbers behind a figure."""
    tables = [table for members in panels.values() for panel in members for table in (panel.rows, panel.reference)]
    table = pd.concat([table for table in tables if len(table)])
    return table[~table.index.duplicated()].sort_index(kind="stable").reset_index(drop=True)


def score_table(tree: xr.DataTree) -> pd.DataFrame:
    """The concurrency score of every system that has one, with its variant, whose it is and in which role."""
    table = tree["measures"].to_dataset().to_dataframe().reset_index(drop=True)
    table = table[table.measure == "concurrency"]
    variants, roles = variants_of(tree), _roles(tree)
    found = [_owner(label, variants) for label in table.predictor]
    return table.assign(
        variant=[variant for variant, _ in found],
        system=[whose for _, whose in found],
        role=[roles.get(label) or _role_of(whose) for label, (_, whose) in zip(table.predictor, found, strict=True)],
    ).sort_values("variant", key=lambda names: names.map(variants.index), kind="stable", ignore_index=True)


def learners_of(tree: xr.DataTree, variant: str) -> list[str]:
    """Names of a variant's gradient learners, in the order of the tree."""
    table = curve_rows(tree, "recovery")
    return list(dict.fromkeys(table.system[(table.variant == variant) & (table.role == "learner")]))


def _curves(tree: xr.DataTree) -> pd.DataFrame:
    table = tree["curves"].to_dataset().to_dataframe().reset_index(drop=True)
    return table if "variant" in table else table.assign(variant=_ALONE)


def _by_variant(table: pd.DataFrame, panels_of: Callable[[pd.DataFrame], list[Panel]]) -> Panels:
    panels = {str(name): panels_of(rows) for name, rows in table.groupby("variant", sort=False)}
    return {name: members for name, members in panels.items() if members}


def _first_learners(rows: pd.DataFrame) -> list[Panel]:
    return _alone(rows[rows.condition == IN_DISTRIBUTION], ("learner",))[:NUM_LEARNERS]


def _alone(rows: pd.DataFrame, roles: Iterable[str]) -> list[Panel]:
    """A panel for each system in one of some roles, role by role."""
    is_logarithmic = any(
        _is_clearer_in_logarithm(curves) for _, curves in rows[rows.role == "learner"].groupby("system")
    )
    return [
        Panel(_title(str(system), str(condition)), curves, curves.iloc[:0], is_logarithmic and role in _BY_GRADIENT)
        for role in roles
        for (system, condition), curves in rows[rows.role == role].groupby(["system", "condition"], sort=False)
    ]


def _tested(rows: pd.DataFrame) -> list[Panel]:
    """A panel for each network and condition, with Bayes beside it."""
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
    """Whether some mode is half recovered in the first part of the recorded time, and none at time 0."""
    half = curves.x[curves.estimate >= 0.5]
    return bool(len(half) and 0 < half.min() < _EARLY * curves.x.max())


def _roles(tree: xr.DataTree) -> dict[str, str]:
    table = curve_rows(tree, "recovery").drop_duplicates(["variant", "system", "condition"])
    return {label_of(row.variant, row.system, row.condition): str(row.role) for row in table.itertuples()}


def _owner(label: str, variants: list[str]) -> tuple[str, str]:
    """Variant and whose of a label. Raises `ValueError` for a label that begins with no variant of the tree."""
    if variants == [_ALONE]:
        return _ALONE, label
    fitting = [variant for variant in variants if label.startswith(f"{variant}: ")]
    if not fitting:
        raise ValueError(f"measures of {label!r} are of no variant of this tree; it has {', '.join(variants)}")
    variant = max(fitting, key=len)
    return variant, label.removeprefix(f"{variant}: ")


def _role_of(whose: str) -> str:
    """The role of a system that has measures but no curves of its own."""
    return owner_of(f": {whose}") or "control"


ROLE_COLOURS = {
    "network": COLOURS["network"],
    "Bayes": COLOURS["Bayes"],
    "learner": COLOURS["prior predictive"],
    "control": COLOURS["memoryless"],
    "untrained": COLOURS["untrained network"],
}
"""One colour per role, where there are no modes to tell apart."""


_BAYES: dict[str, Any] = {"linewidth": 2.8, "linestyle": (0, (1.5, 0.7)), "alpha": 0.5, "dash_capstyle": "butt"}
"""Wide and pale, so that what lies on it can be seen over it."""


_ROW, _HEADING, _DOT_ROW = 1.75, 0.3, 0.2


_RISEN = 0.1
"""Recovery at which a mode can be seen to rise."""


_SMALL = 8.0
"""Points: the size of all text but headings."""


def _label_time(ax: Axes, rows: pd.DataFrame, *, is_logarithmic: bool) -> None:
    ax.set_xlabel(str(rows.x_unit.iloc[0]), fontsize=_SMALL)
    ax.tick_params(labelsize=_SMALL)
    times = rows.x[rows.x > 0]
    if is_logarithmic and len(times):
        ax.set_xscale("log")
        _label_decades(ax.xaxis, times.max() / _first_shown(rows))
        ax.set_xlim(_first_shown(rows) / 1.02, times.max() * 1.02)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
        ax.xaxis.set_major_formatter("{x:,.0f}")


def _first_shown(rows: pd.DataFrame) -> float:
    """Where a logarithmic axis begins: a tenth of the time at which some mode rises, or at the first record."""
    risen = rows.x[(rows.estimate.abs() > _RISEN) & (rows.x > 0)]
    first = float(rows.x[rows.x > 0].min())
    return max(first, float(risen.min()) / 10) if len(risen) else first


def _label_decades(axis: Axis, ratio: float) -> None:
    """Plain numbers, at powers of ten where there are several."""
    label_plainly(axis)
    if ratio > 30:
        axis.set_major_locator(LogLocator())
        axis.set_minor_locator(NullLocator())
    axis.set_major_formatter("{x:,g}")


def _title_width(num_columns: int) -> int:
    """Characters that fit above a panel."""
    return {1: 90, 2: 46}.get(num_columns, 28)


def _set_title(ax: Axes, title: str, width: int) -> None:
    ax.set_title(textwrap.fill(title, width), fontsize=_SMALL, loc="left")


def _num_rows(members: list[Panel], num_columns: int) -> int:
    return -(-len(members) // num_columns)


def _columns_of(num_panels: int) -> int:
    return min(3, num_panels)
