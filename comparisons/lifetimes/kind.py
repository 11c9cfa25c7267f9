"""How a map of fixed-arm bandits is shown: its question, headline, diagnostics and summary."""

import json
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.claims import Verdict
from comparisons.kind import Citation, Diagnostic, Headline, Presentation, ReportFigure, has_group
from comparisons.lifetimes.claims import agreement_with_optimum, lifetime_claims
from comparisons.lifetimes.figures.behaviour import (
    _behaviour_caption,
    behaviour_table,
    draw_behaviour,
    height_of_behaviour,
)
from comparisons.lifetimes.figures.cells import (
    _cell_development_caption,
    _seeds_caption,
    _shows_cells_over_training,
    _shows_seeds,
    _shows_values,
    _values_caption,
    development_table,
    draw_cell_development,
    draw_seeds,
    draw_values,
    height_of_cells,
    seed_table,
    value_table,
)
from comparisons.lifetimes.figures.maps import (
    _exploration_caption,
    _is_map,
    _is_map_of_networks,
    _map_development_caption,
    _regret_caption,
    _shows_maps_over_training,
    draw_exploration,
    draw_map_development,
    draw_regret,
    exploration_table,
    height_of_maps,
    map_regret_table,
)
from comparisons.lifetimes.grid import has_networks
from comparisons.lifetimes.measures import LIFETIME_VOCABULARY
from comparisons.lifetimes.players import COMMIT, NETWORK, NEVER, PRINTED, SEQUENTIAL, UNTRAINED
from comparisons.report.citations import _DUAN, _LANGE, _MAO, _WANG, MIKULIK, NUMPYRO, PYTORCH
from comparisons.report.words import AGREEMENT, digits_for, interval, number, plain_quantity, quantity, row_of, tally

_BRADT = Citation(
    "The optimum: one arm known, one unknown, and a rule when to stop",
    "Bradt, Johnson & Karlin (1956), On sequential designs for maximizing the sum of n observations",
    "https://doi.org/10.1214/aoms/1177728073",
    """\
@article{bradt1956sequential,
  title   = {On Sequential Designs for Maximizing the Sum of $n$ Observations},
  author  = {Bradt, R. N. and Johnson, S. M. and Karlin, S.},
  journal = {The Annals of Mathematical Statistics},
  volume  = {27},
  number  = {4},
  pages   = {1060--1074},
  year    = {1956}
}""",
)


_BELLMAN = Citation(
    "Its solution: backward induction on beliefs",
    "Bellman (1956), A problem in the sequential design of experiments",
    "https://www.jstor.org/stable/25048278",
    """\
@article{bellman1956problem,
  title   = {A Problem in the Sequential Design of Experiments},
  author  = {Bellman, Richard},
  journal = {Sankhy{\\=a}},
  volume  = {16},
  number  = {3/4},
  pages   = {221--229},
  year    = {1956}
}""",
)


LIFETIME_CITATIONS = (_LANGE, _BRADT, _BELLMAN, _DUAN, _WANG, _MAO, MIKULIK, NUMPYRO, PYTORCH)
"""The sources that every map of fixed-arm bandits rests on."""


LIFETIME_FIGURES = (
    ReportFigure(
        name="exploration",
        title="How much is explored, and where learning begins",
        is_available=_is_map,
        height=lambda tree: 0.3 + height_of_maps(tree),
        draw=draw_exploration,
        table=exploration_table,
        alt="Heat maps side by side, one row per lifetime: exploration in trials by reward scale and prior scale, of "
        "the printed formula, the commit optimum, the sequential optimum and, where there are any, networks, with the "
        "edges from which on each learns as lines.",
        caption=_exploration_caption,
    ),
    ReportFigure(
        name="regret",
        title="What is lost beside the best policy",
        is_available=_is_map_of_networks,
        height=lambda tree: height_of_maps(tree) + 0.2,
        draw=draw_regret,
        table=map_regret_table,
        alt="Heat maps side by side, one row per lifetime: regret per trial by reward scale and prior scale, of the "
        "networks and of the commit optimum, with the edge from which on learning pays as a line.",
        caption=_regret_caption,
    ),
    ReportFigure(
        name="values",
        title="What exploring is worth",
        is_available=_shows_values,
        height=height_of_cells,
        draw=draw_values,
        table=value_table,
        alt="Line charts, one per setting: rewards per lifetime against trials of exploration by the correct and by "
        "the printed formula, with horizontal lines for the sequential optimum and for the networks' mean, and a dot "
        "per network.",
        caption=_values_caption,
    ),
    ReportFigure(
        name="seeds",
        title="How training seeds explore",
        is_available=_shows_seeds,
        height=height_of_cells,
        draw=draw_seeds,
        table=seed_table,
        alt="Histograms, one per setting: number of networks by their mean exploration in trials, with vertical lines "
        "for the three yardsticks.",
        caption=_seeds_caption,
    ),
    ReportFigure(
        name="map_development",
        title="Over training",
        is_available=_shows_maps_over_training,
        height=lambda tree: height_of_maps(tree) - 0.2,
        draw=draw_map_development,
        table=development_table,
        alt="Heat maps side by side, one per checkpoint of training, one row per lifetime: exploration of the networks "
        "in trials by reward scale and prior scale.",
        caption=_map_development_caption,
    ),
    ReportFigure(
        name="development",
        title="Over training",
        is_available=_shows_cells_over_training,
        height=height_of_cells,
        draw=draw_cell_development,
        table=development_table,
        alt="Line charts, one per setting: exploration in trials against training steps, a thin line per network and "
        "their mean, with horizontal lines for the three yardsticks.",
        caption=_cell_development_caption,
    ),
    ReportFigure(
        name="behaviour",
        title="In the course of a lifetime",
        is_available=has_group("behaviour"),
        height=height_of_behaviour,
        draw=draw_behaviour,
        table=behaviour_table,
        alt="Line charts against the trial, a column per setting: entropy of the choice, share of pulls of the worse "
        "arm and change of the hidden state, by which arm is better; below, hidden states in two principal components "
        "with their ends.",
        caption=_behaviour_caption,
    ),
)
"""All figures, in the order of the report."""


def theory_headline(tree: xr.DataTree, table: pd.DataFrame, verdicts: Sequence[Verdict]) -> Headline:
    """In how many settings each theory learns, in the longest lifetime; what each earns in all lifetimes."""
    lifetimes = lifetimes_of(tree)
    last = lifetimes[-1]
    num_cells = int((tree["theory"].dataset["lifetime"].to_numpy() == last).sum())
    counts = {who: _found(table, "learning_count", last, who) for who in (SEQUENTIAL, COMMIT, PRINTED)}
    sentence = (
        f"In lifetimes of {last} trials learning pays in {counts[SEQUENTIAL]:g} of {num_cells} settings by the "
        f"{SEQUENTIAL}, in {counts[COMMIT]:g} by the {COMMIT}, and in {counts[PRINTED]:g} by the {PRINTED}."
    )
    return Headline(sentence, [*tally(verdicts), *theory_summary(tree, table)])


def theory_diagnostics(tree: xr.DataTree) -> list[Diagnostic]:
    """What speaks for the reference."""
    error = float(tree["theory"].dataset["sequential_value_error"].max())
    finding = (
        "backward induction on the posterior mean of the uncertain arm, without discounting; values are wrong by at "
        f"most {number(error, 2)} rewards per lifetime, as measured"
    )
    return [Diagnostic("Reference", finding, "")]


def theory_summary(tree: xr.DataTree, table: pd.DataFrame) -> list[str]:
    """A line per lifetime: what share of the sequential optimum the other two earn, and how long they explore."""
    lines = []
    for lifetime in lifetimes_of(tree):
        said = (
            f"the {who} {number(100 * _found(table, 'share_of_sequential', lifetime, who))} %, exploring "
            f"{_found(table, 'longest_exploration', lifetime, who):g} trials at most"
            for who in (COMMIT, PRINTED)
        )
        lines.append(f"lifetime {lifetime}: of the sequential optimum's rewards earn {'; '.join(said)}")
    return lines


def lifetimes_of(tree: xr.DataTree) -> list[int]:
    """The lifetimes of a map, in ascending order."""
    return [int(lifetime) for lifetime in np.unique(tree["theory"].dataset["lifetime"].to_numpy())]


def _found(table: pd.DataFrame, measure: str, lifetime: int, who: str) -> float:
    return float(row_of(table, measure, f"lifetime {lifetime}: {who}").estimate)


ASKED_ERROR = 0.2
"""Standard error, in rewards per lifetime, that the shortfall of every network should have at most."""


def _question(tree: xr.DataTree) -> str:
    return str(tree.attrs["question"])


def _headline(tree: xr.DataTree, table: pd.DataFrame, verdicts: Sequence[Verdict]) -> Headline:
    """What networks earn and in how many settings they are right; of several lifetimes, where they lose most."""
    if not has_networks(tree):
        return theory_headline(tree, table, verdicts)
    lifetimes = _with_regret(tree, table)
    regrets = {lifetime: _regret(table, lifetime, NETWORK).estimate for lifetime in lifetimes}
    known = {lifetime: regret for lifetime, regret in regrets.items() if math.isfinite(regret)}
    if not known:
        return Headline("What the networks lose is not a number, so there is no answer.", tally(verdicts))
    worst = max(known, key=lambda lifetime: known[lifetime])
    where = f"Of {len(lifetimes)} lifetimes, networks lose most in {worst} trials: they" * (len(lifetimes) > 1)
    sentence = f"{where or 'Networks'} {_earned(table, worst)}{_agreed(tree, table, worst)}."
    others = [f"lifetime {lifetime}: {_lost(table, lifetime)}" for lifetime in lifetimes if len(lifetimes) > 1]
    details = [
        *tally(verdicts),
        "0 % of regret is the sequential optimum, the best of all policies; regret is a share of what full "
        "information earns",
        *(others or [_lost(table, worst)]),
        *(_regimes_of_yardsticks(tree, lifetime, len(lifetimes) > 1) for lifetime in lifetimes),
    ]
    return Headline(sentence, [detail for detail in details if detail])


def _earned(table: pd.DataFrame, lifetime: int) -> str:
    """What networks earn of the optimum, and what they lose; the first only where there is something to earn."""
    regret = _regret(table, lifetime, NETWORK)
    never = float(_regret(table, lifetime, NEVER).estimate)
    lost = f"a regret of {_percent(regret.estimate, regret.lower, regret.upper)} of what full information earns"
    if not never > 0:
        return f"have {lost}"
    # Never learning earns nothing, so what it loses is all that the optimum earns, exactly.
    share = [1 - bound / never for bound in (regret.estimate, regret.upper, regret.lower)]
    return f"earn {_percent(*share)} of what the sequential optimum earns, {lost}"


def _agreed(tree: xr.DataTree, table: pd.DataFrame, lifetime: int) -> str:
    """In how many settings the regime is right, where there are several."""
    rows = table[
        (table.measure == "regime_agreement")
        & (table.predictor == f"lifetime {lifetime}: {NETWORK} with {SEQUENTIAL}")
        & table.estimate.notna()
    ]
    if not len(rows):
        return ""
    row = rows.iloc[0]
    num_cells = int((tree["theory"].dataset["lifetime"].to_numpy() == lifetime).sum())
    found = _percent(row.estimate, row.lower, row.upper)
    return f", and are in its regime, learn or hard-code, in {found} of {num_cells} settings"


def _regimes_of_yardsticks(tree: xr.DataTree, lifetime: int, is_named: bool) -> str:
    """In how many settings the other yardsticks are in the regime of the optimum, where there are several."""
    if int((tree["theory"].dataset["lifetime"].to_numpy() == lifetime).sum()) < 2:
        return ""
    said = " and ".join(
        f"the {who} in {number(100 * agreement_with_optimum(tree, lifetime, who))} %" for who in (COMMIT, PRINTED)
    )
    return f"lifetime {lifetime}: " * is_named + f"in the regime of the sequential optimum are {said} of settings"


def _lost(table: pd.DataFrame, lifetime: int) -> str:
    """Everybody's regret, the networks' first."""
    network = _regret(table, lifetime, NETWORK)
    exact = ", ".join(
        f"{who} {number(100 * float(_regret(table, lifetime, who).estimate))} %"
        for who in (COMMIT, PRINTED, NEVER, UNTRAINED)
    )
    return f"regret: networks {_percent(network.estimate, network.lower, network.upper)}, {exact}"


def _percent(estimate: float, lower: float, upper: float) -> str:
    """A fraction with its interval as a percentage: 92 % [90, 94]."""
    values = (100 * estimate, 100 * lower, 100 * upper)
    bounds = interval(*values)
    text = f"{number(values[0], digits_for(*values))} %"
    return text if bounds in ("–", "exact") else f"{text} {bounds}"


def _diagnostics(tree: xr.DataTree, table: pd.DataFrame) -> list[Diagnostic]:
    """What speaks for the reference and for the measurement."""
    if not has_networks(tree):
        return theory_diagnostics(tree)
    networks = tree["networks"].to_dataset()
    shortfall, errors = (networks[name].to_numpy() for name in ("shortfall", "shortfall_error"))
    is_known = np.isfinite(errors)
    num_diverged = int((~np.isfinite(shortfall)).sum())
    diverged = [note for note in json.loads(tree.attrs["notes"]) if " diverged" in note]
    return [
        *theory_diagnostics(tree),
        _optimality(shortfall, errors),
        _precision(errors[is_known]),
        Diagnostic(
            "Diverged networks",
            f"{num_diverged} of {shortfall.size}: {'; '.join(diverged)}" if num_diverged else "none",
            "",
        ),
    ]


def _optimality(shortfall: np.ndarray, errors: np.ndarray) -> Diagnostic:
    """No policy earns more than the optimum: of many networks, none does by more than chance."""
    is_random = np.isfinite(errors) & (errors > 0)
    name = "Optimum in play"
    if not is_random.any():
        return Diagnostic(name, "not comparable: no network's shortfall has a standard error", "")
    least = float((shortfall[is_random] / errors[is_random]).min())
    outcome = "held" if least >= -AGREEMENT else "failed"
    above = f"at most {number(max(-least, 0.0), 2)} standard errors more than the sequential optimum"
    return Diagnostic(name, f"on the same luck, networks earn {above}, of {int(is_random.sum())}", outcome)


def _precision(errors: np.ndarray) -> Diagnostic:
    """Whether shortfalls are measured as finely as is asked."""
    name = "Standard errors of shortfalls"
    if not len(errors):
        return Diagnostic(name, "none: all networks diverged", "")
    asked = f"{ASKED_ERROR:g} rewards per lifetime are asked"
    above = int((errors > ASKED_ERROR).sum())
    finding = f"at most {number(float(errors.max()), 2)}, where {asked}; {above} of {len(errors)} networks are above"
    return Diagnostic(name, finding, "failed" if above else "held")


def _summary(tree: xr.DataTree, table: pd.DataFrame) -> list[str]:
    """Two lines per lifetime, and a line for each setting where there are few."""
    if not has_networks(tree):
        return theory_summary(tree, table)
    lines = []
    for lifetime in _with_regret(tree, table):
        regret = _regret(table, lifetime, NETWORK)
        agreed = _agreed(tree, table, lifetime).removeprefix(", and ")
        lines.append(
            f"lifetime {lifetime}: regret_share = {plain_quantity(regret)} of full information's rewards, 95 % "
            f"interval over {regret.interval_over}"
        )
        others = (f"{who} {_regret(table, lifetime, who).estimate:.3g}" for who in (COMMIT, PRINTED, NEVER, UNTRAINED))
        lines.append(f"  0 is the sequential optimum; others lose: {', '.join(others)}")
        lines += [f"  networks {agreed}"] * bool(agreed)
    shares = table[(table.measure == "share_of_sequential") & table.predictor.str.endswith(f": {NETWORK}")]
    for row in shares.itertuples():
        found = quantity(row.estimate, row.lower, row.upper)
        lines.append(f"{str(row.predictor).removesuffix(f': {NETWORK}')}: {found} of the sequential optimum")
    return lines


def _with_regret(tree: xr.DataTree, table: pd.DataFrame) -> list[int]:
    """The lifetimes in which there is something to lose."""
    known = set(table.predictor[table.measure == "regret_share"])
    return [lifetime for lifetime in lifetimes_of(tree) if f"lifetime {lifetime}: {NETWORK}" in known]


def _regret(table: pd.DataFrame, lifetime: int, who: str) -> pd.Series:
    return row_of(table, "regret_share", f"lifetime {lifetime}: {who}")


LIFETIMES = Presentation(
    question=_question,
    claims=lifetime_claims,
    headline=_headline,
    figures=LIFETIME_FIGURES,
    vocabulary=LIFETIME_VOCABULARY,
    diagnostics=_diagnostics,
    citations=LIFETIME_CITATIONS,
    summary=_summary,
)
"""Maps of settings in which learning may or may not pay."""
