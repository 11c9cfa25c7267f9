"""Families, experiments and papers, by the names that the command line takes."""

from typing import Any

from bayesopt import families
from bayesopt.family import AbstractBanditFamily, AbstractPredictionFamily
from comparisons import reproductions
from comparisons.commands.refusals import closest, shown
from comparisons.decisions.experiment import DecisionExperiment
from comparisons.experiment import AbstractExperiment
from comparisons.foraging.experiment import AS_PRINTED, ForagingExperiment
from comparisons.importing import object_named
from comparisons.order.experiments import ContextualOrderExperiment, FunctionOrderExperiment, LinearOrderExperiment
from comparisons.predictions.experiment import PredictionExperiment

VARIANTS: dict[str, Any] = {**AS_PRINTED}
"""Experiments on families that have names of their own: with settings as papers print them, which take long."""


def experiment_named(name: str) -> Any:
    """Return the experiment on a family, one of `VARIANTS`, or one of your own as `package.module:name`.

    Raises `KeyError` naming what there is, and `ValueError` for a kind of family that has no experiment.
    """
    if ":" in name:
        experiment = object_named(name, "an experiment of your own")
        if not isinstance(experiment, AbstractExperiment):
            raise ValueError(f"{name} must be an experiment; got a {type(experiment).__name__}")
        return experiment
    if name in VARIANTS:
        return VARIANTS[name]
    if name not in _family_names():
        raise KeyError(unknown(name, takes_papers=True))
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
    """Return the class of a family, by its id or class name. Raises `KeyError` naming what there is."""
    if name in _family_names():
        return families.load(name)
    raise KeyError(unknown(name, takes_papers=False))


def unknown(name: str, *, takes_papers: bool) -> str:
    """Return what to say of a name that is no family's nor, where `takes_papers`, a paper's."""
    papers = reproductions.reproduction_ids()
    known = f"Families: {', '.join(families.family_ids())}"
    if not takes_papers and (name in papers or name in VARIANTS):
        kind = "a paper" if name in papers else "an experiment"
        return f"name must be a family; {name!r} is {kind}, for `bayesgauge run` and `bayesgauge show`. {known}"
    more = f". Papers: {', '.join(papers)}" if takes_papers else ""
    guessed = closest(name, [*_family_names(), *papers, *VARIANTS] if takes_papers else _family_names())
    return f"unknown name {shown(name)}{guessed}. {known}{more}"


def _family_names() -> list[str]:
    return [*families.family_ids(), *map(families.class_name, families.family_ids())]
