"""How a map of fixed-arm bandits is shown: its question, headline, diagnostics and summary."""

import json
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.citations import LIFETIME_CITATIONS
from comparisons.claims import Verdict
from comparisons.lifetime_claims import agreement_with_optimum, lifetime_claims
from comparisons.lifetime_players import COMMIT, NETWORK, NEVER, PRINTED, SEQUENTIAL, UNTRAINED
from comparisons.lifetime_report_figures import LIFETIME_FIGURES
from comparisons.lifetime_tables import has_networks
from comparisons.lifetime_theory_presentation import (
    lifetimes_of,
    theory_diagnostics,
    theory_headline,
    theory_summary,
)
from comparisons.lifetime_wording import LIFETIME_VOCABULARY
from comparisons.presentation import Presentation
from comparisons.report_rows import AGREEMENT, Diagnostic, Headline, plain_quantity, row_of, tally
from comparisons.wording import digits_for, interval, number, quantity

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
