"""The checks that every task family has to pass, by name: `contract_checks()`."""

from bayesopt.contract.bandits import BANDIT_CHECKS
from bayesopt.contract.predictions import (
    check_calibration,
    check_chain_rule,
    check_exchangeability,
    check_nuts_agreement,
    check_posterior_sites,
    check_predictive_is_normalised,
    check_prior_predictive,
    check_runs_forward,
)
from bayesopt.contract.values import check_hyper_parameters, check_value
from bayesopt.contract.verdicts import Check


def contract_checks() -> dict[str, Check]:
    """Every check by its name, in the order in which an author wants to see them fail."""
    checks = (
        check_value,
        check_hyper_parameters,
        check_runs_forward,
        check_posterior_sites,
        check_prior_predictive,
        check_predictive_is_normalised,
        check_chain_rule,
        check_exchangeability,
        check_calibration,
        check_nuts_agreement,
        *BANDIT_CHECKS,
    )
    return {check.__name__.removeprefix("check_"): check for check in checks}
