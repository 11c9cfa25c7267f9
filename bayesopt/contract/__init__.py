"""The contract of task families: checks that every family has to pass, by name (`contract_checks`)."""

from bayesopt.contract.every_family import contract_checks
from bayesopt.contract.verdicts import Check, NotApplicable

__all__ = ["Check", "NotApplicable", "contract_checks"]
