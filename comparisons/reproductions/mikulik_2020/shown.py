"""How a reproduction is shown that asks how near Bayes its networks are: verdicts by variant, and the way there."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

from comparisons import reproductions
from comparisons.claims import Claim, Verdict
from comparisons.kind import Diagnostic, Headline, Presentation, ReportFigure, Vocabulary, fixed
from comparisons.report.citations import MIKULIK, NUMPYRO, PYTORCH
from comparisons.report.style import COLOURS, NEUTRAL
from comparisons.report.words import number, tally

_COLUMNS = 4


_LEAST_SHARE = 1e-5
"""Shares below it are drawn at the lower edge: a bandit's difference from Gittins may be zero or negative."""


def _question(tree: xr.DataTree) -> str:
    return str(reproductions.load(str(tree.attrs["paper"])).QUESTION)


def _claims(tree: xr.DataTree, table: pd.DataFrame) -> tuple[Claim, ...]:
    paper = reproductions.load(str(tree.attrs["paper"]))
    return paper.claims(list(dict.fromkeys(table.predictor)))


def _headline(tree: xr.DataTree, table: pd.DataFrame, verdicts: Sequence[Verdict]) -> Headline:
    shares = table[table.measure == "share_of_floor"].set_index("predictor")
    worst = str(shares.estimate.idxmax())
    num_held = sum(verdict.outcome == "held" for verdict in verdicts)
    sentence = (
        f"{num_held} of {len(verdicts)} claims about {len(shares)} variants hold; the network that is farthest from "
        f"Bayes, in proportion, is that of {worst}, with {number(100 * float(shares.estimate[worst]))} % of the "
        "floor's distance."
    )
    return Headline(
        sentence, [*tally(verdicts), "floors: memoryless prediction in prediction, uniform play in bandits"]
    )


def convergence_table(tree: xr.DataTree) -> pd.DataFrame:
    """Distance from Bayes as a share of the floor's, at each checkpoint of every training seed of every variant."""
    table = tree["convergence"].to_dataset().to_dataframe().reset_index(drop=True)
    table = table.rename(columns={"share_of_floor": "estimate"})
    return table.assign(lower=np.nan, upper=np.nan, unit="fraction")


def _draw_convergence(tree: xr.DataTree, figure: Figure) -> None:
    table = convergence_table(tree)
    variants = list(dict.fromkeys(table.variant))
    num_rows = -(-len(variants) // _COLUMNS)
    panels = figure.subplots(num_rows, _COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
    for ax, variant in zip(panels, variants, strict=False):
        rows = table[table.variant == variant]
        for _, one in rows.groupby("training_seed"):
            ax.plot(
                one.step, one.estimate.clip(lower=_LEAST_SHARE), color=COLOURS["network"], marker=".", linewidth=1.2
            )
        ax.axhline(1, color=NEUTRAL, linewidth=1.1, linestyle=(0, (4, 2)))
        ax.set(xscale="log", yscale="log")
        ax.set_title(variant, fontsize=6.8)
    for ax in panels[len(variants) :]:
        ax.set_visible(False)
    for ax in panels[max(0, len(variants) - _COLUMNS) : len(variants)]:
        ax.tick_params(labelbottom=True)
    figure.supxlabel("training steps", fontsize=9.5)
    figure.supylabel("distance from Bayes, share of the floor's", fontsize=9.5)


def _convergence_caption(tree: xr.DataTree) -> str:
    return (
        "A line per training seed: KL from Bayes as a share of the best memoryless predictor's, or rewards below the "
        "Gittins policy as a share of what uniform play loses to it. The dashed line, 1, is that floor. Look at "
        "whether every line falls, and how far below the floor it ends. A network that earns as much as the Gittins "
        f"policy, or more, is drawn at the lower edge ({_LEAST_SHARE:g})."
    )


def _diagnostics(tree: xr.DataTree, table: pd.DataFrame) -> list[Diagnostic]:
    return [
        Diagnostic(
            "References",
            "exact posterior predictives and certified Gittins indices; each variant's own report, listed under "
            "Provenance, has their diagnostics, its exact optimum where there is one, and its own floors",
            "",
        )
    ]


def _summary(tree: xr.DataTree, table: pd.DataFrame) -> list[str]:
    shares = table[table.measure == "share_of_floor"]
    return [
        f"{row.predictor}: {100 * row.estimate:.2g} % [{100 * row.lower:.2g}, {100 * row.upper:.2g}] of the floor's "
        "distance from Bayes"
        for row in shares.itertuples()
    ]


def _role_of(predictor: str, measure: str) -> str:
    return "scored" if measure in ("share_of_floor", "last_share_of_first_checkpoint") else "reference"


_VOCABULARY = Vocabulary(
    subject="Variant",
    sections={
        "distance": (
            "Distance from Bayes",
            "KL from the posterior predictive, or rewards below the Gittins policy (below 0: more than it). "
            "0 is Bayes-optimal.",
        ),
        "share": ("In proportion", "100 % is the floor: memoryless prediction, or uniform play."),
        "other": ("Other measures", ""),
    },
    measures=(
        ("kl_divergence", "distance", "KL per prediction"),
        ("rewards_below_gittins", "distance", "rewards below the Gittins policy"),
        ("share_of_floor", "share", "distance as a share of the floor's"),
        ("untrained_share_of_floor", "share", "the same of the untrained network"),
        ("floor_share_of_untrained", "share", "the floor's distance as a share of the untrained network's"),
        ("last_share_of_first_checkpoint", "share", "distance at the last checkpoint as a share of the first's"),
    ),
    role_of=_role_of,
    roles="Scored: the meta-trained network. Reference: what it is compared with.",
    ceilings={},
)


CONVERGENCE = Presentation(
    question=_question,
    claims=_claims,
    headline=_headline,
    figures=(
        ReportFigure(
            name="convergence",
            title="Coming closer to Bayes",
            is_available=lambda tree: "convergence" in tree.children,
            height=fixed(7.2),
            draw=_draw_convergence,
            table=convergence_table,
            alt="Small line charts, one per variant, both axes logarithmic: distance from Bayes as a share of the "
            "floor's against training steps, a line per training seed.",
            caption=_convergence_caption,
        ),
    ),
    vocabulary=_VOCABULARY,
    diagnostics=_diagnostics,
    citations=(MIKULIK, NUMPYRO, PYTORCH),
    summary=_summary,
)
"""Reproductions of papers."""
