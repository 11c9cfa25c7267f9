"""The contract of task families: checks that a family has to pass before its reference can be trusted.

`contract_checks()` has all checks by name. `bayesgauge check <family>` runs them.
"""

from bayesopt.contract.every_family import checks_of, contract_checks
from bayesopt.contract.verdicts import Check, NotApplicable

__all__ = ["Check", "NotApplicable", "checks_of", "contract_checks"]
