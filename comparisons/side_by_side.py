"""Several networks on the same tasks, side by side: one table, one page, and the differences between every two.

The tree has a group for each network, a whole comparison of its own with the same tasks. The kind of the tree is
derived from the kind of these: the same measures, whose rows are called by the names of the networks.
"""

import dataclasses
import functools
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator

from comparisons.claims import Claim, Verdict
from comparisons.decisions.scores import Decisions
from comparisons.kind import Answer, Diagnostic, Figure, Kind, Measure, Role, Section, measured
from comparisons.kinds import kind_of
from comparisons.predictions.measures import Scores
from comparisons.report.log_axis import WITH_ZEROS, limit_log_axis, with_zeros
from comparisons.report.style import BAND, COLOURS, is_drawable, with_legend
from comparisons.report.words import quantity, tally
from comparisons.rows import Resampler, Row, Table, table_of
from comparisons.tree import SIDE_BY_SIDE

NETWORK = "network"
UNTRAINED = "untrained network"
_TAKEN = ("measures", "curves", "oracle", "optimum, exact", *COLOURS)
_NAME = re.compile(r"[^\W_][\w.+-]{0,39}")


def require_names(names: Iterable[object]) -> None:
    """Raise `ValueError` unless names of networks are at least two plain ones that nothing else in a table has."""
    names = list(names)
    if len(names) < 2:
        raise ValueError(f"a mapping of networks must hold at least two; got {names!r}. Pass a single network as it is")
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(
                f"names of networks must be 1 to 40 letters, digits and any of . _ + -, a letter or digit first; "
                f"got {name!r}"
            )
        if name.lower() in {taken.lower() for taken in _TAKEN}:
            raise ValueError(f"names of networks must not be that of anything else in the report; got {name!r}")
    if len({str(name).lower() for name in names}) < len(names):
        raise ValueError(f"names of networks must differ by more than upper and lower case; got {names!r}")


def beside(trees: Mapping[str, xr.DataTree]) -> xr.DataTree:
    """Return one measured tree of several networks, given the measured tree of each, all on the same tasks."""
    first = next(iter(trees.values()))
    shared = {name: first.attrs[name] for name in ("family", "family_id", "length", "evaluation", "seed", "versions")}
    notes = [f"{name}: {note}" for name, tree in trees.items() for note in json.loads(tree.attrs["notes"])]
    tree = xr.DataTree.from_dict({name: one.copy() for name, one in trees.items()})
    tree.attrs = {
        "schema": SIDE_BY_SIDE.name,
        **shared,
        **{f"network {name}": one.attrs["network"] for name, one in trees.items()},
        "networks": json.dumps(list(trees)),
        "notes": json.dumps(notes),
    }
    return measured(tree, kind_for(tree))


def kind_for(tree: xr.DataTree) -> Kind[Any]:
    """Return the kind of a tree of several networks."""
    names: list[str] = json.loads(tree.attrs["networks"])
    base = kind_of(_part(tree, names[0]))
    scored: Mapping[str, Role] = dict.fromkeys(names, "scored")
    untrained: Mapping[str, Role] = {f"untrained {name}": base.roles.get(UNTRAINED, "floor") for name in names}
    parts = [figure.of(name, f"{name}: {figure.title}") for name in names for figure in base.figures]
    return dataclasses.replace(
        base,
        schema=SIDE_BY_SIDE,
        question=_question,
        roles={who: role for who, role in base.roles.items() if who != NETWORK} | scored | untrained,
        places={**base.places, "minus": "minus {}"},
        scores=lambda tree: tree,
        sections=(_DIFFERENCES, *map(_of_all, base.sections)),
        curves=lambda tree: xr.Dataset(),
        claims=_claims,
        answer=_answer,
        diagnostics=_diagnostics,
        figures=(_BY_TIME, *parts),
    )


class Losses(NamedTuple):
    """What a network loses to the reference, per task; less is better."""

    values: Float[np.ndarray, "training_seed task"]
    what: str
    unit: str
    curve: str
    """The variable of its curves over time."""


def _losses(part: xr.DataTree) -> Losses:
    scores = kind_of(part).scores(part)
    if isinstance(scores, Scores):
        return Losses(scores.mean_kl(NETWORK), "KL(Bayes‖network)", "nats/step", "kl_divergence")
    assert isinstance(scores, Decisions)
    unit = f"rewards per {scores.length} trials"
    if scores.has_optimum:
        return Losses(scores.total("action_gap", NETWORK), "shortfall V* − V(network)", unit, "action_gap")
    reference = str(part.attrs["reference"])
    lost = scores.total("expected_rewards", reference) - scores.total("expected_rewards", NETWORK)
    return Losses(lost, f"rewards below the {reference} policy", unit, "cumulative_regret")


def _difference(tree: xr.DataTree, over: Resampler) -> Iterator[Row]:
    for first, second in itertools.combinations(_names(tree), 2):
        a, b = _losses(_part(tree, first)), _losses(_part(tree, second))
        values = [a.values, b.values]
        if len(values[0]) != len(values[1]):
            values = [one.mean(axis=0, keepdims=True) for one in values]
        with np.errstate(invalid="ignore"):
            row = over.mean(first, values[0] - values[1], minus=second)
        yield row._replace(unit=a.unit)


_DIFFERENCES = Section(
    "Differences between networks",
    "What the first network loses to Bayes minus what the second loses, on the same tasks; below 0 the first is "
    "better. Intervals are paired by task; also over training seeds where both networks have equally many.",
    (Measure("difference", "loss, difference", "", _difference),),
)


def _of_all(section: Section[Any]) -> Section[Any]:
    """Return a section with the rows of all networks."""
    measures = (
        dataclasses.replace(measure, rows=functools.partial(_rows, measure.name)) for measure in section.measures
    )
    return dataclasses.replace(section, measures=tuple(measures))


def _rows(measure: str, tree: xr.DataTree, over: Resampler) -> Iterator[Row]:
    """Yield the rows of a measure by the names of the networks; those of references, which are all alike, once."""
    for index, name in enumerate(_names(tree)):
        called = {NETWORK: name, UNTRAINED: f"untrained {name}"}
        for row in table_of(_part(tree, name)).of(measure):
            if index == 0 or row.who in called:
                yield row._replace(who=called.get(row.who, row.who))


def _question(tree: xr.DataTree) -> str:
    return f"Which of {', '.join(_names(tree))} is nearest to Bayes-optimal on {tree.attrs['family']}?"


def _claims(tree: xr.DataTree, table: Table) -> Iterator[Claim]:
    for name in _names(tree):
        part = _part(tree, name)
        for claim in kind_of(part).claims(part, table_of(part)):
            who = name if claim.who == NETWORK else claim.who
            yield dataclasses.replace(claim, statement=f"{name}: {claim.statement}", who=who)


def _answer(tree: xr.DataTree, table: Table, verdicts: Sequence[Verdict]) -> Answer:
    """Return which network loses least, what each loses, and the differences."""
    names = _names(tree)
    losses = {name: _losses(_part(tree, name)) for name in names}
    means = {name: float(one.values.mean()) for name, one in losses.items()}
    best = min(names, key=lambda name: (np.isnan(means[name]), means[name]))
    what, unit = losses[best].what, losses[best].unit
    measure = next(name for name in ("kl_divergence", "shortfall", "rewards_below_reference") if table.of(name))
    details = [
        *tally(verdicts),
        *(f"{name}: {quantity(*table.one(measure, name).interval)} {unit}" for name in names),
        *(
            f"{row.who} minus {row.at['minus']}: {quantity(*row.interval)} {row.unit} (paired, over {row.over})"
            for row in table.of("difference")
        ),
        *(f"network {name}: {tree.attrs[f'network {name}']}" for name in names),
    ]
    return Answer(f"Of {len(names)} networks {best} is nearest to Bayes-optimal, by {what}.", details)


def _diagnostics(tree: xr.DataTree, table: Table) -> Iterator[Diagnostic]:
    for name in _names(tree):
        part = _part(tree, name)
        for one in kind_of(part).diagnostics(part, table_of(part)):
            yield one._replace(name=f"{name}: {one.name}")


def _by_time(tree: xr.DataTree) -> pd.DataFrame:
    """Return what every network loses at each time, with its interval."""
    tables = []
    for name in _names(tree):
        part = _part(tree, name)
        losses = _losses(part)
        curve = part["curves"].dataset[losses.curve]
        along = next(str(dimension) for dimension in curve.dims if dimension not in ("time", "bound"))
        one = curve.sel({along: NETWORK}).to_dataset(dim="bound").to_dataframe().reset_index()
        unit = "nats" if losses.curve == "kl_divergence" else "rewards"
        tables.append(one.assign(network=name, unit=unit))
    return pd.concat(tables, ignore_index=True)[["network", "time", "estimate", "lower", "upper", "unit"]]


def _draw(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a line with its band for every network, on a logarithmic axis."""
    ax = figure.add_subplot()
    names = list(dict.fromkeys(table.network))
    colours = mpl.colormaps["viridis"](np.linspace(0.0, 0.85, len(names)))
    for index, (name, colour) in enumerate(zip(names, colours, strict=True)):
        rows = table[table.network == name]
        shown = is_drawable(rows.estimate).to_numpy()
        dashes = (0, (6, 1 + index % 4, 1 + index // 4, 1)) if index else "-"
        heights = with_zeros(rows.estimate.to_numpy(float))
        ax.plot(rows.time, heights, color=colour, linestyle=dashes, label=name, gid=WITH_ZEROS)
        lower = np.maximum(rows.lower.to_numpy(float), np.finfo(float).tiny)
        ax.fill_between(
            rows.time, lower, rows.upper.to_numpy(float), where=shown, color=colour, alpha=BAND, linewidth=0
        )
    limit_log_axis(ax, table)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="observations or trials before, t", ylabel=f"lost to Bayes, {table.unit.iloc[0]}")
    with_legend(ax)


_BY_TIME = Figure(
    name="networks_by_time",
    title="What every network loses, by time",
    alt="Line chart, logarithmic: what each network loses to Bayes against the number of observations or trials "
    "before, a line with an interval band per network.",
    table=_by_time,
    draw=_draw,
    caption=lambda tree, table: (
        "What each network loses to the Bayes-optimal reference at each time; lower is better. All networks had the "
        "same tasks. Bands: 95 % intervals. Look for where the lines part."
    ),
)


def _names(tree: xr.DataTree) -> list[str]:
    return json.loads(tree.attrs["networks"])


def _part(tree: xr.DataTree, name: str) -> xr.DataTree:
    return tree[name]  # pyright: ignore[reportReturnType]
