"""`bayesgauge show`: a family with its experiment, or a paper with its experiments and claims."""

import dataclasses
import inspect
import textwrap
from typing import Annotated, Any

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
from comparisons.commands.answers import JsonOption, print_json
from comparisons.commands.names import experiment_named
from comparisons.commands.parsing import parse

WIDTH = 110


def main(arguments: list[str]) -> int:
    """Show one family and its experiment, or one paper and its claims."""

    def show(
        name: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NAME")], *, json: JsonOption = False
    ) -> tuple[str, bool]:
        """Show a family and the settings of its experiment, or the experiments and claims of a paper's reproduction.

        Args:
            name: id or class name of a family, or id of a paper (see `bayesgauge list`).
            json: print one JSON object instead of text.
        """
        return name, json

    name, is_json = parse(show, args=arguments, prog="bayesgauge show")
    is_paper = name in reproductions.reproduction_ids()
    if is_json:
        print_json(_paper(name) if is_paper else _family(name))
    elif is_paper:
        _show_paper(_paper(name))
    else:
        _show_family(_family(name))
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


def _family(name: str) -> dict[str, Any]:
    """Return a family with its model and the settings of its experiment."""
    experiment = experiment_named(name)
    cls = type(experiment.family)
    return {
        "id": family_id(cls),
        "description": inspect.getdoc(cls),
        "reference": reference_kind(cls),
        "model": inspect.getsource(cls.model),
        "experiment": {field.name: repr(getattr(experiment, field.name)) for field in dataclasses.fields(experiment)},
    }


def _show_family(family: dict[str, Any]) -> None:
    print(f"{family['id']}: {family['description']}\n")
    print(f"reference: {family['reference']}")
    print(f"model:\n\n{family['model']}")
    print("experiment:\n")
    for field, value in family["experiment"].items():
        print(f"  {field} = {value}")


def _paper(identifier: str) -> dict[str, Any]:
    """Return a paper, its experiments with their questions, its claims, and how long it takes."""
    paper = reproductions.load(identifier)
    experiments = paper.experiments()
    return {
        "id": identifier,
        "description": inspect.getdoc(paper),
        "question": paper.QUESTION,
        "duration": paper.duration(experiments),
        "experiments": {
            name: {"question": experiment.question, "training_units": len(experiment.training_units())}
            for name, experiment in experiments.items()
        },
        "further_experiments": list(paper.further_experiments()),
        "claims": list(paper.statements()),
    }


def _show_paper(paper: dict[str, Any]) -> None:
    print(f"{paper['description']}\n\nquestion: {paper['question']}\n")
    print(f"experiments (`bayesgauge run {paper['id']}`; {paper['duration']}):")
    for name, experiment in paper["experiments"].items():
        num_units = experiment["training_units"]
        units = "nothing to train" if not num_units else f"{num_units} unit{'s' * (num_units > 1)} to train"
        _print_item(f"{name}: {experiment['question']} ({units})")
    if paper["further_experiments"]:
        print(f"\nfurther experiments, by `--only`: {', '.join(paper['further_experiments'])}")
    print("\nclaims:")
    for statement in paper["claims"]:
        _print_item(statement)


def _print_item(text: str) -> None:
    print(textwrap.fill(text, WIDTH, initial_indent="  - ", subsequent_indent="    "))
