"""`bayesgauge show`: a family with its experiment, or a paper with its experiments and claims."""

import dataclasses
import inspect
import textwrap

import tyro

from bayesopt.family import (
    AbstractBanditFamily,
    AbstractContextualBanditFamily,
    AbstractTabularFamily,
    HasBeliefs,
    HasContextBeliefs,
    HasGittinsIndices,
    HasPlan,
    HasRegressionBeliefs,
    family_id,
)
from bayesopt.lifetime_plans import HasLifetimePlan
from comparisons import reproductions
from comparisons.commands.names import VARIANTS, experiment_named, family_named
from comparisons.commands.parsing import parse

WIDTH = 110


def main(arguments: list[str]) -> int:
    """Show one family and its experiment, or one paper and its claims."""

    def show(name: tyro.conf.Positional[str]) -> str:
        """Show a family and the settings of its experiment, or the experiments and claims of a paper's reproduction.

        Args:
            name: id or class name of a family, or id of a paper (see `bayesgauge list`).
        """
        return name

    name = parse(show, args=arguments, prog="bayesgauge show")
    if name in reproductions.reproduction_ids():
        _show_paper(name)
    else:
        _show_family(name)
    return 0


def reference_kind(cls: type) -> str:
    """Return what kind of reference a family has, in a word."""
    if issubclass(cls, AbstractContextualBanditFamily):
        return "optimum" if issubclass(cls, HasContextBeliefs) else "NUTS only"
    if issubclass(cls, AbstractBanditFamily):
        kinds = {"optimum": HasPlan, "Gittins": HasGittinsIndices}
        return " + ".join(name for name, kind in kinds.items() if issubclass(cls, kind)) or "heuristics"
    if issubclass(cls, AbstractTabularFamily):
        return "optimum" if issubclass(cls, HasLifetimePlan) else "heuristics"
    return "exact" if issubclass(cls, HasBeliefs | HasRegressionBeliefs) else "NUTS only"


def first_line(thing: object) -> str:
    """Return the first line of a docstring."""
    return (inspect.getdoc(thing) or "").split("\n", 1)[0]


def _show_family(name: str) -> None:
    experiment = experiment_named(name)
    cls = type(experiment.family) if name in VARIANTS else family_named(name)
    print(f"{family_id(cls)}: {inspect.getdoc(cls)}\n")
    print(f"reference: {reference_kind(cls)}")
    print(f"model:\n\n{inspect.getsource(cls.model)}")
    print("experiment:\n")
    for field in dataclasses.fields(experiment):
        print(f"  {field.name} = {getattr(experiment, field.name)!r}")


def _show_paper(identifier: str) -> None:
    """Print the paper, its experiments with their questions, its claims, and how long it takes."""
    paper = reproductions.load(identifier)
    experiments, further = paper.experiments(), paper.further_experiments()
    print(f"{inspect.getdoc(paper)}\n\nquestion: {paper.QUESTION}\n")
    print(f"experiments (`bayesgauge run {identifier}`; {paper.duration(experiments)}):")
    for name, experiment in experiments.items():
        num_units = len(experiment.training_units())
        units = "nothing to train" if not num_units else f"{num_units} unit{'s' * (num_units > 1)} to train"
        _print_item(f"{name}: {experiment.question} ({units})")
    if further:
        print(f"\nfurther experiments, by `--only`: {', '.join(further)}")
    print("\nclaims:")
    for statement in paper.statements():
        _print_item(statement)


def _print_item(text: str) -> None:
    print(textwrap.fill(text, WIDTH, initial_indent="  - ", subsequent_indent="    "))
