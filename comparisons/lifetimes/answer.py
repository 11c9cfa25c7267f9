"""The answer of a map of fixed-arm bandits: what networks, or the references alone, earn and where they learn."""

import math
from collections.abc import Iterator, Sequence

import xarray as xr

from comparisons.claims import Verdict
from comparisons.kind import Answer
from comparisons.lifetimes.claims import agreement_with_optimum
from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK, NEVER, PRINTED, UNTRAINED
from comparisons.lifetimes.scores import lifetimes_of
from comparisons.report.words import digits_for, interval, number, quantity, tally
from comparisons.rows import Row, Table
from comparisons.statistics.intervals import LEVEL


def answer_of(tree: xr.DataTree, table: Table, verdicts: Sequence[Verdict]) -> Answer:
    """Return what networks earn and in how many settings they are right; of several lifetimes, where they lose most."""
    if "networks" not in tree.children:
        return _answer_of_theory(tree, table, verdicts)
    lifetimes = [lifetime for lifetime in lifetimes_of(tree) if table.get("regret_share", NETWORK, lifetime=lifetime)]
    regrets = {lifetime: table.one("regret_share", NETWORK, lifetime=lifetime) for lifetime in lifetimes}
    known = {lifetime: row.interval.estimate for lifetime, row in regrets.items() if _is_known(row)}
    details = [
        *tally(verdicts),
        "0 % of regret is the Bayes-optimal policy, the best of all policies; regret is a fraction of what an oracle "
        "that knows the unknown arm's mean earns",
        *(detail for lifetime in lifetimes for detail in _details(tree, table, lifetime)),
        *_by_setting(table),
    ]
    if not known:
        return Answer("What the networks lose is not a number, so there is no answer.", details)
    worst = max(known, key=lambda lifetime: known[lifetime])
    several = f"Of {len(lifetimes)} lifetimes, networks lose most in {worst} trials: they"
    subject = several if len(lifetimes) > 1 else "Networks"
    agreement = table.get("regime_agreement", NETWORK, lifetime=worst, reference=BAYES)
    also = ""
    if agreement is not None and _is_known(agreement):
        found = _count_of(_num_settings(tree, worst), *agreement.interval)
        also = f", and are in its regime, learn or hard-code, in {found} settings"
    return Answer(f"{subject} {_earned(table, worst)}{also}.", details)


def _earned(table: Table, lifetime: int) -> str:
    """Return what networks earn of the optimum, if there is something to earn, and what they lose."""
    regret = table.one("regret_share", NETWORK, lifetime=lifetime).interval
    never = table.one("regret_share", NEVER, lifetime=lifetime).interval.estimate
    lost = f"a regret of {_percent(*regret)} of what the oracle earns"
    if not never > 0:
        return f"have {lost}"
    # A policy that never explores earns nothing, so its regret is all that the Bayes-optimal policy earns, exactly.
    share = [1 - bound / never for bound in (regret.estimate, regret.upper, regret.lower)]
    return f"earn {_percent(*share)} of what the Bayes-optimal policy earns, {lost}"


def _details(tree: xr.DataTree, table: Table, lifetime: int) -> Iterator[str]:
    """Yield the regret of all players in one lifetime and, of several settings, in how many their regime is right."""
    network = table.one("regret_share", NETWORK, lifetime=lifetime)
    others = ", ".join(
        f"{who} {number(100 * table.one('regret_share', who, lifetime=lifetime).interval.estimate)} %"
        for who in (COMMIT, PRINTED, NEVER, UNTRAINED)
    )
    found = f"networks {_percent(*network.interval)} ({100 * LEVEL:.3g} % interval over {network.over})"
    yield f"regret in lifetimes of {lifetime} trials: {found}, {others}"
    agreement = table.get("regime_agreement", NETWORK, lifetime=lifetime, reference=BAYES)
    if agreement is not None:
        num_settings = _num_settings(tree, lifetime)
        found = {NETWORK: _count_of(num_settings, *agreement.interval)} | {
            who: _count_of(num_settings, *[agreement_with_optimum(tree, lifetime, who)] * 3)
            for who in (COMMIT, PRINTED)
        }
        said = ", ".join(f"{who} {count}" for who, count in found.items())
        yield f"settings with {lifetime} trials in the regime of the {BAYES}: {said}"


def _by_setting(table: Table) -> Iterator[str]:
    """Yield the share of the optimum that networks earn in every setting, if there are few."""
    for row in table.of("share_of_optimum"):
        if row.who == NETWORK:
            where = "reward scale {reward_scale:g}, prior scale {prior_scale:g}, lifetime {lifetime}".format(**row.at)
            yield f"{where}: networks earn {_percent(*row.interval)} of what the {BAYES} earns"


def _answer_of_theory(tree: xr.DataTree, table: Table, verdicts: Sequence[Verdict]) -> Answer:
    """Return in how many settings exploring pays, in the longest lifetime; what each reference earns, in all."""
    lifetimes = lifetimes_of(tree)
    last = lifetimes[-1]
    counts = {
        who: table.one("learning_count", who, lifetime=last).interval.estimate for who in (BAYES, COMMIT, PRINTED)
    }
    sentence = (
        f"In lifetimes of {last} trials learning pays in {counts[BAYES]:g} of {_num_settings(tree, last)} settings for "
        f"the {BAYES}, in {counts[COMMIT]:g} for the {COMMIT}, and in {counts[PRINTED]:g} by the {PRINTED}."
    )
    details = [_theory_of(table, lifetime) for lifetime in lifetimes]
    return Answer(sentence, [*tally(verdicts), *details])


def _theory_of(table: Table, lifetime: int) -> str:
    """Return the share of the Bayes-optimal value that the other references earn, and how long they explore."""
    said = []
    for who in (COMMIT, PRINTED):
        share = table.one("share_of_optimum", who, lifetime=lifetime).interval.estimate
        longest = table.one("longest_exploration", who, lifetime=lifetime).interval.estimate
        said.append(f"{who} {number(100 * share)} %, exploring for at most {longest:g} trials")
    return f"fraction of the Bayes-optimal value earned in lifetimes of {lifetime} trials: {'; '.join(said)}"


def _is_known(row: Row) -> bool:
    return not math.isnan(row.interval.estimate)


def _num_settings(tree: xr.DataTree, lifetime: int) -> int:
    return int((tree["theory"].dataset["lifetime"].to_numpy() == lifetime).sum())


def _count_of(number_of_settings: int, *share: float) -> str:
    """Return a share of settings, with its interval, as a count: 1 of 3, or 2.2 [1.8, 2.6] of 3 over several seeds."""
    values = [number_of_settings * bound for bound in share]
    if all(math.isclose(value, round(value), abs_tol=1e-9) for value in values) and len(set(share)) == 1:
        return f"{round(values[0])} of {number_of_settings}"
    return f"{quantity(*values)} of {number_of_settings}"


def _percent(estimate: float, lower: float, upper: float) -> str:
    """Return a fraction with its interval as a percentage: 92 % [90, 94]."""
    values = (100 * estimate, 100 * lower, 100 * upper)
    bounds = interval(*values)
    text = f"{number(values[0], digits_for(*values))} %"
    return text if bounds in ("–", "exact") else f"{text} {bounds}"
