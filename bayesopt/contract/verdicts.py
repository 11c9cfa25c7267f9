"""The type of a contract check, and the exception of a check that does not apply to a family.

A check takes a family and returns one line that says what it found. It raises `AssertionError`, with a message for the
family's author, if the family breaks the contract, and `NotApplicable` if the family does not have what is checked.
"""

from collections.abc import Callable
from typing import Any

Check = Callable[[Any], str]
"""Its argument is a family of the kind in whose list the check stands."""


class NotApplicable(Exception):
    """The family does not have what the check is about; the message says what is missing."""
