"""The reproduction of Mikulik et al. 2020: how close its networks are to Bayes, and how they came there."""

import textwrap
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.figure import SubFigure

from comparisons.claims import Claim, Verdict
from comparisons.kind import Answer, Diagnostic, Figure, Kind
from comparisons.report.citations import MIKULIK, NUMPYRO, PYTORCH
from comparisons.report.findings import of_lines
from comparisons.report.log_axis import WITH_ZEROS, draw_zeros
from comparisons.report.style import COLOURS, LEAST_TEXT, NEUTRAL
from comparisons.report.words import claims_that_hold, number, quantity, tally
from comparisons.reproductions.mikulik_2020.behaviour import SECTIONS
from comparisons.reproductions.mikulik_2020.claims import claims_about
from comparisons.reproductions.mikulik_2020.paper import QUESTION
from comparisons.rows import Table
from comparisons.tree import REPRODUCTION

_COLUMNS = 4
_LEAST_SHARE = 1e-5
"""Shares below half of it are drawn at the lower edge: a bandit's difference from Gittins may be zero or negative."""


def _claims(tree: xr.DataTree, table: Table) -> list[Claim]:
    return claims_about([str(row.at["experiment"]) for row in table.of("share_of_floor")])


def _answer(tree: xr.DataTree, table: Table, verdicts: Sequence[Verdict]) -> Answer:
    shares = table.of("share_of_floor")
    worst = max(shares, key=lambda row: row.interval.estimate)
    sentence = (
        f"{claims_that_hold(verdicts, f' about {len(shares)} experiments')} The network that is farthest from "
        f"Bayes, in proportion, is that of {worst.at['experiment']}: its distance is "
        f"{number(100 * worst.interval.estimate)} % of the floor's."
    )
    details = [
        "floors: memoryless prediction in prediction, the random policy in bandits",
        *(
            f"{row.at['experiment']}: {quantity(*(100 * value for value in row.interval))} % of the floor's distance"
            for row in shares
        ),
    ]
    return Answer(sentence, [*tally(verdicts), *details])


def _diagnostics(tree: xr.DataTree, table: Table) -> Iterator[Diagnostic]:
    yield Diagnostic(
        "References",
        "exact posterior predictives and certified Gittins indices; the report of each experiment, listed under "
        "Provenance, has their diagnostics, its exact optimum where there is one, and its own floors",
    )


def _convergence(tree: xr.DataTree) -> pd.DataFrame:
    """Return the distance from Bayes as a share of the floor's, at each checkpoint of every training seed."""
    table = tree["convergence"].to_dataset().to_dataframe().reset_index(drop=True)
    table = table.rename(columns={"share_of_floor": "estimate"})
    return table.assign(lower=np.nan, upper=np.nan, unit="fraction")


def _draw_convergence(tree: xr.DataTree, table: pd.DataFrame, figure: MatplotlibFigure | SubFigure) -> None:
    """Draw a panel for each experiment, with a line per training seed."""
    variants = list(dict.fromkeys(table.variant))
    num_rows = -(-len(variants) // _COLUMNS)
    panels = figure.subplots(num_rows, _COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    for ax, variant in zip(panels, variants, strict=False):
        for _, one in table[table.variant == variant].groupby("training_seed"):
            style = {"color": COLOURS["network"], "marker": ".", "linewidth": 1.2, "gid": WITH_ZEROS}
            ax.plot(one.step, one.estimate, **style)
        ax.axhline(1, color=NEUTRAL, linewidth=1.1, linestyle=(0, (4, 2)))
        ax.set(xscale="log", yscale="log")
        ax.set_title(textwrap.fill(variant, 22), fontsize=LEAST_TEXT)
    lowest = min(float(table.estimate.clip(lower=_LEAST_SHARE).min()), 1.0) / 2
    panels[0].set_ylim(lowest, None)
    for ax in panels[: len(variants)]:
        draw_zeros(ax, lowest)
    for ax in panels[len(variants) :]:
        ax.set_visible(False)
    for ax in panels[max(0, len(variants) - _COLUMNS) : len(variants)]:
        ax.tick_params(labelbottom=True)
    figure.supxlabel("training steps", fontsize=9.5)
    figure.supylabel("distance from Bayes, share of the floor's", fontsize=9.5)


def _convergence_caption(tree: xr.DataTree, table: pd.DataFrame) -> str:
    return (
        "Distance from Bayes at each checkpoint, one line per training seed: KL from Bayes as a share of the best "
        "memoryless predictor's, or rewards below the Gittins policy as a share of what the random policy loses to it. "
        "The dashed line, 1, is that floor. Look at whether every line falls, and how far below the floor it ends. A "
        "network that earns as much as the Gittins policy, or more, is drawn at the lower edge, with ▽."
    )


KIND = Kind(
    schema=REPRODUCTION,
    question=lambda tree: QUESTION,
    subject="Experiment, and network",
    roles={"network": "scored"},
    roles_in_words="Scored: the meta-trained network. Reference: what it is compared with.",
    places={},
    scores=lambda tree: {},
    sections=SECTIONS,
    curves=lambda scores: xr.Dataset(),
    claims=_claims,
    answer=_answer,
    diagnostics=_diagnostics,
    figures=(
        Figure(
            name="convergence",
            title="Coming closer to Bayes",
            alt="Small line charts, one per experiment, both axes logarithmic: distance from Bayes as a share of the "
            "floor's against training steps, a line per training seed.",
            table=_convergence,
            draw=_draw_convergence,
            caption=_convergence_caption,
            finding=lambda tree, table: of_lines(table, "variant", "step", "share of the floor's distance"),
            shows=("share_of_floor", "floor_share_of_untrained", "last_share_of_first_checkpoint"),
            needs=("convergence",),
            height=7.2,
        ),
    ),
    citations=(MIKULIK, NUMPYRO, PYTORCH),
)
