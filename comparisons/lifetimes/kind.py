"""Comparisons of networks with exact references over a map of fixed-arm bandits: when to learn, when to hard-code."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from comparisons.kind import Citation, Diagnostic, Kind
from comparisons.lifetimes.answer import answer_of
from comparisons.lifetimes.claims import claims_of
from comparisons.lifetimes.figures import behaviour, development, exploration, map_development, regret, seeds, values
from comparisons.lifetimes.measures import SECTIONS
from comparisons.lifetimes.players import NETWORK, NEVER, ORACLE, SHUFFLED, UNTRAINED
from comparisons.lifetimes.scores import curves_of, place_of, scores_of
from comparisons.lifetimes.tree import SCHEMA
from comparisons.report.citations import DUAN, LANGE, MAO, MIKULIK, NUMPYRO, PYTORCH, WANG
from comparisons.report.words import AGREEMENT, number
from comparisons.rows import Table

ASKED_ERROR = 0.2
"""Standard error, in rewards per lifetime, that the shortfall of every network should have at most."""

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


def _diagnostics(tree: xr.DataTree, table: Table) -> Iterator[Diagnostic]:
    error = float(tree["theory"].dataset["sequential_value_error"].max())
    yield Diagnostic(
        "Reference",
        "backward induction on the posterior mean of the unknown arm, without discounting; the measured error of a "
        f"value is at most {number(error, 2)} rewards per lifetime",
    )
    if "networks" in tree.children:
        networks = tree["networks"].to_dataset()
        shortfall, errors = (networks[name].to_numpy() for name in ("shortfall", "shortfall_error"))
        yield _optimality(shortfall, errors)
        yield _precision(errors[np.isfinite(errors)])
        yield Diagnostic("Diverged networks", _diverged(tree["theory"].to_dataset(), shortfall))


def _optimality(shortfall: np.ndarray, errors: np.ndarray) -> Diagnostic:
    """Return whether no network earns more than the Bayes-optimal policy by more than chance."""
    is_random = np.isfinite(errors) & (errors > 0)
    name = "Optimum in play"
    if not is_random.any():
        return Diagnostic(name, "not comparable: no network's shortfall has a standard error")
    least = float((shortfall[is_random] / errors[is_random]).min())
    above = f"at most {number(max(-least, 0.0), 2)} standard errors more than the Bayes-optimal policy"
    finding = f"with common random numbers, networks earn {above}; {int(is_random.sum())} networks were compared"
    return Diagnostic(name, finding, "held" if least >= -AGREEMENT else "failed")


def _precision(errors: np.ndarray) -> Diagnostic:
    """Return whether shortfalls are measured with the precision that is asked for."""
    name = "Standard errors of shortfalls"
    if not len(errors):
        return Diagnostic(name, "none: all networks diverged")
    above = int((errors > ASKED_ERROR).sum())
    finding = (
        f"at most {number(float(errors.max()), 2)} rewards per lifetime, where at most {ASKED_ERROR:g} is asked for; "
        f"{above} of {len(errors)} networks are above that"
    )
    return Diagnostic(name, finding, "failed" if above else "held")


def _diverged(theory: xr.Dataset, shortfall: np.ndarray) -> str:
    """Return how many networks diverged, and which."""
    lost = np.argwhere(~np.isfinite(shortfall))
    where = "training seed {} at reward scale {reward_scale:g}, prior scale {prior_scale:g}, lifetime {lifetime}"
    names = [where.format(seed, **place_of(theory.isel(cell=cell))) for seed, cell in lost]
    return f"{len(lost)} of {shortfall.size}: {'; '.join(names)}" if names else "none"


KIND = Kind(
    schema=SCHEMA,
    question=lambda tree: str(tree.attrs["question"]),
    subject="Policy",
    roles={
        ORACLE: "knows the latents",
        NETWORK: "scored",
        UNTRAINED: "floor",
        NEVER: "floor",
        SHUFFLED: "floor",
    },
    roles_in_words="Scored: the meta-trained networks. Ceiling: the Bayes-optimal policy. The best explore-then-commit "
    "policy and the policy of the paper's printed formula are references. The policy that never explores and untrained "
    "networks are floors. Intervals over training seeds are Student's t unless a section says otherwise.",
    places={
        "reward_scale": "reward scale {:g}",
        "prior_scale": "prior scale {:g}",
        "lifetime": "lifetime {}",
        "reference": "against the {}",
    },
    scores=scores_of,
    sections=SECTIONS,
    curves=curves_of,
    claims=claims_of,
    answer=answer_of,
    diagnostics=_diagnostics,
    figures=(
        exploration.FIGURE,
        regret.FIGURE,
        values.FIGURE,
        seeds.FIGURE,
        map_development.FIGURE,
        development.FIGURE,
        behaviour.FIGURE,
    ),
    citations=(LANGE, _BRADT, _BELLMAN, DUAN, WANG, MAO, MIKULIK, NUMPYRO, PYTORCH),
    version=2,
)
