"""A check of the contract, and how it says that it does not apply to a family."""

from collections.abc import Callable

from bayesopt.family import AbstractFamily

Check = Callable[[AbstractFamily], str]


class NotApplicable(Exception):
    """The family does not claim what this check is about; the message says why."""
