"""How the reproduction of Lange & Sprekeler 2020 is shown: claims first, then figures of its experiments."""

from collections.abc import Sequence

import pandas as pd
import xarray as xr

from comparisons.claims import Verdict
from comparisons.foraging.kind import FORAGING_CITATIONS, FORAGING_FIGURES
from comparisons.foraging.measures import FORAGING_VOCABULARY
from comparisons.kind import Diagnostic, Headline, Presentation, ReportFigure, Vocabulary, fixed
from comparisons.lifetimes.kind import LIFETIME_CITATIONS, LIFETIME_FIGURES
from comparisons.lifetimes.measures import LIFETIME_VOCABULARY
from comparisons.report.words import number, quantity, tally
from comparisons.reproductions.lange_sprekeler_2020.claims import NO_LEARN, claims, specialists
from comparisons.reproductions.lange_sprekeler_2020.pairs import draw_pairs, pair_table

_SHOWN = (
    ("theory", "exploration", "The three yardsticks on the paper's grid (figure 1, left)"),
    ("points", "values", "Three points, well trained (figure 2, top)"),
    ("points", "development", "Three points, well trained, over training"),
    ("points", "behaviour", "Three points, well trained: single networks (figure 3)"),
    ("points_many_seeds", "seeds", "Thirty seeds, trained quickly"),
    ("points_paper", "seeds", "Thirty seeds in the paper's settings (figure 2, bottom)"),
    ("points_paper", "development", "Thirty seeds in the paper's settings, over training"),
    ("map_25", "exploration", "A map at lifetime 25 (figure 1)"),
    ("map_100", "exploration", "A map at lifetime 100 (figure 1)"),
    ("map_100", "regret", "Regret over the map at lifetime 100"),
    ("map_100_paper", "exploration", "The map in the paper's settings (figure 1, right)"),
    ("map_100_paper", "map_development", "The map in the paper's settings, over training (figure 8)"),
    ("map_100_paper", "behaviour", "Two networks in the paper's settings (figure 3)"),
    ("one_network", "exploration", "One network for the whole map"),
    ("one_network", "regret", "Regret of one network for the whole map"),
    ("one_network", "behaviour", "One network in two settings: hard-coding and learning (figure 3)"),
    ("foraging", "returns", "Foraging: returns and goals (figure 5)"),
    ("foraging", "transfer", "Foraging: every lifetime in every other (figure 6)"),
    ("foraging", "occupancy", "Foraging: where steps are spent (figure 4)"),
    ("foraging", "course", "Foraging: over training (figure 4)"),
    ("foraging", "entropy", "Foraging: how undecided networks are (figure 9)"),
    ("foraging", "states", "Foraging: dimensions of hidden states (figure 9)"),
)
"""Which figure of which experiment is shown, under which title, in this order."""


_YARDSTICKS = ("printed formula, exploring", "commit optimum", "sequential optimum")


def _figure_of(experiment: str, name: str, title: str) -> ReportFigure:
    """A figure of one experiment, drawn from its part of the common tree."""
    figures = FORAGING_FIGURES if experiment == "foraging" else LIFETIME_FIGURES
    (figure,) = (figure for figure in figures if figure.name == name)
    return ReportFigure(
        name=f"{experiment}-{name}",
        title=title,
        is_available=lambda tree: experiment in tree.children and figure.is_available(tree[experiment]),
        height=lambda tree: figure.height(tree[experiment]),
        draw=lambda tree, canvas: figure.draw(tree[experiment], canvas),
        table=lambda tree: figure.table(tree[experiment]),
        alt=figure.alt,
        caption=lambda tree: figure.caption(tree[experiment]),
    )


def _figures() -> tuple[ReportFigure, ...]:
    """Those of single experiments, and the one network for the whole map beside those for each setting."""
    found = [_figure_of(*row) for row in _SHOWN]
    place = next(index for index, row in enumerate(_SHOWN) if row[0] == "foraging")
    return (*found[:place], _PAIRS, *found[place:])


def _pairs(tree: xr.DataTree) -> pd.DataFrame:
    return pair_table(tree.children["one_network"], specialists(tree.children))


_PAIRS = ReportFigure(
    name="one_network-pairs",
    title="One network for the whole map beside a network for each setting",
    is_available=lambda tree: "one_network" in tree.children and bool(specialists(tree.children)),
    height=fixed(3.6),
    draw=lambda tree, figure: draw_pairs(_pairs(tree), figure),
    table=_pairs,
    alt="Two scatter plots with diagonals, a point per setting: exploration in trials, and regret in rewards per "
    "trial, of networks trained for the setting across and of the one network for all settings up.",
    caption=lambda tree: (
        "Every setting that both were scored in, means over training seeds. On the diagonal, being told the setting is "
        "as good as being trained for it; above it, the one network explores, or loses, more."
    ),
)


def _headline(tree: xr.DataTree, table: pd.DataFrame, verdicts: Sequence[Verdict]) -> Headline:
    """The answer in one sentence: what the printed theory forbids, and what networks find there."""
    held = sum(verdict.outcome == "held" for verdict in verdicts)
    sentence = f"{held} of {len(verdicts)} claims hold."
    values = table[table.measure == "value"].set_index("predictor")
    who = {name: f"points: {NO_LEARN}: {name}" for name in (*_YARDSTICKS, "network")}
    if set(who.values()) <= set(values.index):
        printed, commit, best = (number(float(values.loc[who[name]].estimate)) for name in _YARDSTICKS)
        found = values.loc[who["network"]]
        sentence = (
            f'At the paper\'s "no learn" point the printed formula gives exploring {printed} rewards at best, the best '
            f"commitment earns {commit}, the best policy {best}, and well-trained networks "
            f"{quantity(found.estimate, found.lower, found.upper)}: learning pays there. {sentence}"
        )
    return Headline(
        sentence,
        [
            *tally(verdicts),
            "three yardsticks: the paper's printed formula, the best commitment, and the sequential optimum, which is "
            "Bayes-optimal; floor: never learning; ceiling: full information",
        ],
    )


def _diagnostics(tree: xr.DataTree, table: pd.DataFrame) -> list[Diagnostic]:
    errors = table[table.measure == "largest_error"]
    diverged = table[table.measure == "diverged_networks"]
    rows = [
        Diagnostic(
            "References",
            "closed forms, backward induction and dynamic programming; each experiment's own report, listed under "
            "Provenance, has its diagnostics and its own floors",
            "",
        )
    ]
    if len(errors):
        largest = float(errors.estimate.max())
        outcome = "held" if largest <= 0.02 else "failed"
        finding = f"{number(largest)} rewards at most over the grid, measured; 0.02 was allowed"
        rows.append(Diagnostic("Numerical error of sequential values", finding, outcome))
    if len(diverged):
        rows.append(Diagnostic("Networks that diverged", number(float(diverged.estimate.sum())), ""))
    return rows


def _summary(tree: xr.DataTree, table: pd.DataFrame) -> list[str]:
    shares = table[(table.measure == "share_of_sequential") & table.predictor.str.endswith(": network")]
    return [
        f"{row.predictor}: {quantity(100 * row.estimate, 100 * row.lower, 100 * row.upper)} % of the sequential optimum"
        for row in shares.itertuples()
    ]


def _role_of(predictor: str, measure: str) -> str:
    experiment, _, who = predictor.partition(": ")
    vocabulary = FORAGING_VOCABULARY if experiment == "foraging" else LIFETIME_VOCABULARY
    return vocabulary.role_of(who, measure)


_VOCABULARY = Vocabulary(
    subject="Experiment, and who",
    sections={
        **{name: part for name, part in LIFETIME_VOCABULARY.sections.items() if name != "other"},
        **FORAGING_VOCABULARY.sections,
    },
    measures=(
        *LIFETIME_VOCABULARY.measures,
        *FORAGING_VOCABULARY.measures,
        ("pulls_correlation_difference", "exploration", "correlation of exploration, one less the other"),
        ("regret_beside_specialists", "regret", "regret, beside networks trained for each setting (0: as much)"),
        ("early_learning_cells", "regimes", "settings in which networks explore, early in training"),
    ),
    role_of=_role_of,
    roles=f"{LIFETIME_VOCABULARY.roles} Foraging: {FORAGING_VOCABULARY.roles}",
    ceilings={},
)


LEARNING_OR_NOT = Presentation(
    question=lambda tree: str(tree.attrs["paper"]),
    claims=claims,
    headline=_headline,
    figures=_figures(),
    vocabulary=_VOCABULARY,
    diagnostics=_diagnostics,
    citations=tuple(dict.fromkeys((*LIFETIME_CITATIONS, *FORAGING_CITATIONS))),
    summary=_summary,
)
"""The reproduction of Lange & Sprekeler 2020."""
