"""The checks of a family as a value catch the families that they are for."""

import math
from dataclasses import dataclass
from typing import Any

import pytest

from bayesopt import AbstractPredictionFamily
from bayesopt.contract import values
from tests.bayesopt.contract.readings import Readings


@dataclass
class CanBeChanged(AbstractPredictionFamily):
    loc: float = 1.0
    scale: float = 2.0
    model = Readings.model


@dataclass(frozen=True)
class Unhashable(AbstractPredictionFamily):
    loc: Any = (1.0,)
    model = Readings.model

    def __post_init__(self):
        object.__setattr__(self, "loc", list(self.loc))


class RefusesNothing(Readings):
    def __post_init__(self):
        pass


class RefusesWithoutSayingWhy(Readings):
    def __post_init__(self):
        if not (math.isfinite(self.loc) and 0 < self.scale < math.inf):
            raise ValueError("bad prior")


@pytest.mark.parametrize(
    ("broken", "check", "message"),
    [
        (CanBeChanged, values.check_value, "can be changed"),
        (Unhashable, values.check_value, "must be hashable"),
        (RefusesNothing, values.check_hyper_parameters, "accepts loc=nan"),
        (RefusesWithoutSayingWhy, values.check_hyper_parameters, "the message is 'bad prior'"),
    ],
    ids=lambda v: getattr(v, "__name__", None),
)
def test_check_catches(broken, check, message):
    with pytest.raises(AssertionError, match=message):
        check(broken())
