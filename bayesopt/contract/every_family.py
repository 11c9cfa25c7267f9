"""The contract of every task family: one list of checks for each kind of family.

Keys are fixed, so that a verdict is reproducible. The failure rates that the checks state are those of a correct family
over other keys.
"""

from typing import NamedTuple

from bayesopt.contract.bandits import BANDIT_CHECKS
from bayesopt.contract.contexts import CONTEXT_CHECKS
from bayesopt.contract.predictions import PREDICTION_CHECKS, REGRESSION_CHECKS
from bayesopt.contract.values import VALUE_CHECKS
from bayesopt.contract.verdicts import Check, NotApplicable
from bayesopt.contract.worlds import TABULAR_CHECKS
from bayesopt.family import (
    AbstractBanditFamily,
    AbstractContextualBanditFamily,
    AbstractFamily,
    AbstractPredictionFamily,
    AbstractRegressionFamily,
    AbstractTabularFamily,
)


class Kind(NamedTuple):
    """A kind of family: its name, its base class, and the checks of its families by name."""

    name: str
    base: type[AbstractFamily]
    checks: dict[str, Check]


KINDS = (
    Kind("prediction", AbstractPredictionFamily, VALUE_CHECKS | PREDICTION_CHECKS),
    Kind("regression", AbstractRegressionFamily, VALUE_CHECKS | REGRESSION_CHECKS),
    Kind("bandit", AbstractBanditFamily, VALUE_CHECKS | PREDICTION_CHECKS | BANDIT_CHECKS),
    Kind("contextual bandit", AbstractContextualBanditFamily, VALUE_CHECKS | PREDICTION_CHECKS | CONTEXT_CHECKS),
    Kind("tabular", AbstractTabularFamily, VALUE_CHECKS | TABULAR_CHECKS),
)


def checks_of(family: AbstractFamily) -> dict[str, Check]:
    """Return the checks of a family's kind by name; of a family without a kind, those of its fields alone."""
    return next((kind.checks for kind in KINDS if isinstance(family, kind.base)), VALUE_CHECKS)


def contract_checks() -> dict[str, Check]:
    """Return the checks of all kinds by name, in the order in which a family's author should see them fail.

    Each runs the check of that name in the list of the family's kind, and raises `NotApplicable` if there is none.
    """
    return {name: _check_named(name) for kind in KINDS for name in kind.checks}


def _check_named(name: str) -> Check:
    def check(family: AbstractFamily) -> str:
        checks = checks_of(family)
        if name not in checks:
            raise NotApplicable(f"only for families of these kinds: {', '.join(_kinds_with(name))}")
        return checks[name](family)

    return check


def _kinds_with(name: str) -> list[str]:
    return [kind.name for kind in KINDS if name in kind.checks]
