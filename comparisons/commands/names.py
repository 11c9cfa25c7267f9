"""Families and the experiments that `bayesgauge run` makes of them, by name."""

import difflib
from typing import Any

from bayesopt import families
from bayesopt.family import AbstractBanditFamily, AbstractPredictionFamily
from comparisons import reproductions
from comparisons.decisions.experiment import DecisionExperiment
from comparisons.foraging.experiment import AS_PRINTED, ForagingExperiment
from comparisons.order.contexts import ContextualOrderExperiment
from comparisons.order.functions import FunctionOrderExperiment
from comparisons.order.linear import LinearOrderExperiment
from comparisons.predictions.experiment import PredictionExperiment

VARIANTS: dict[str, Any] = {**AS_PRINTED}
"""Experiments on families that have names of their own: with settings as papers print them, which take long."""


def experiment_named(name: str) -> Any:
    """The experiment on a family, or one of `VARIANTS`.

    Raises as `family_named`, and `ValueError` for a kind of family that has none.
    """
    if name in VARIANTS:
        return VARIANTS[name]
    family = family_named(name)()
    match family:
        case AbstractBanditFamily():
            return DecisionExperiment(family)
        case AbstractPredictionFamily():
            return PredictionExperiment(family)
        case families.LinearRegression():
            return LinearOrderExperiment(family)
        case families.FunctionRegression():
            return FunctionOrderExperiment(family)
        case families.ContextualBandit():
            return ContextualOrderExperiment(family)
        case families.ForagingGrid():
            return ForagingExperiment(family)
        case _:
            raise ValueError(f"no experiment is known for {name}; compare networks with it from Python")


def family_named(name: str) -> type[Any]:
    """A family's class, by its id or class name. Raises `KeyError` naming what there is."""
    papers = reproductions.reproduction_ids()
    if closest := difflib.get_close_matches(name, papers, n=1):
        raise KeyError(f"no family {name!r} (did you mean {closest[0]!r}?); of papers there are {', '.join(papers)}")
    return families.load(name)
