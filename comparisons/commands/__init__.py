"""What each command of the command line does, with its options."""

import dataclasses
import inspect
import math
import sys
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console
from rich.table import Table

from bayesopt import families
from bayesopt.family import (
    AbstractBanditFamily,
    AbstractContextualBanditFamily,
    AbstractPredictionFamily,
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
from comparisons.commands.names import experiment_named, family_named
from comparisons.commands.parsing import parse
from comparisons.commands.run import print_result
from comparisons.commands.run import run_command as run_command
from comparisons.decisions.settings import DecisionEvaluationConfig
from comparisons.predictions.settings import EvaluationConfig

Positional = tyro.conf.Positional


def list_command(arguments: list[str]) -> int:
    """Families and experiments there are."""

    def list_families() -> None:
        """List what `run` knows: the task families, each of which is an experiment, and the reproductions of papers."""
        table = Table(box=None, pad_edge=False)
        for heading in ("id", "class", "reference", "tasks"):
            table.add_column(heading, no_wrap=heading != "tasks")
        for identifier, cls in families.discover().items():
            table.add_row(identifier, cls.__name__, _reference_kind(cls), _first_line(sys.modules[cls.__module__]))
        console = Console(width=None if sys.stdout.isatty() else 120)
        console.print(table)
        table = Table(box=None, pad_edge=False)
        for heading in ("paper", "reproduction"):
            table.add_column(heading, no_wrap=heading == "paper")
        for identifier in reproductions.reproduction_ids():
            table.add_row(identifier, _first_line(reproductions.load(identifier)))
        console.print()
        console.print(table)

    parse(list_families, args=arguments, prog="bayesgauge list")
    return 0


def show_command(arguments: list[str]) -> int:
    """What one family is."""

    def show(name: Positional[str]) -> None:
        """Show what a family is, and the settings of the experiment that `run` makes of it.

        Args:
            name: id or class name of a family (see `bayesgauge list`).
        """
        cls = family_named(name)
        print(f"{family_id(cls)}: {inspect.getdoc(cls)}\n")
        print(f"reference: {_reference_kind(cls)}")
        print(f"model:\n\n{inspect.getsource(cls.model)}")
        experiment = experiment_named(name)
        print("experiment:\n")
        for field in dataclasses.fields(experiment):
            print(f"  {field.name} = {getattr(experiment, field.name)!r}")

    parse(show, args=arguments, prog="bayesgauge show")
    return 0


def gittins_command(arguments: list[str]) -> int:
    """The Gittins index of a Bernoulli arm."""

    def gittins(
        concentration1: Positional[float],
        concentration0: Positional[float],
        *,
        discount: float,
        tolerance: float = 1e-9,
    ) -> tuple[float, float, float, float]:
        """Print the Gittins index of a Bernoulli arm with a Beta belief, and a proved bound on its error.

        The index is on the scale of the rewards, 0 to 1. Concentrations count the prior: a uniform prior, two wins and
        one loss is 3 2.

        Args:
            concentration1: wins plus prior; any number > 0.
            concentration0: losses plus prior; any number > 0.
            discount: weight of a reward one trial later, in [0, 1).
            tolerance: largest error allowed.
        """
        return concentration1, concentration0, discount, tolerance

    one, zero, discount, tolerance = parse(gittins, args=arguments, prog="bayesgauge gittins")
    from bayesopt.planning.gittins import bernoulli_gittins_index

    certified = bernoulli_gittins_index(one, zero, discount, tolerance=tolerance)
    digits = max(1, math.ceil(-math.log10(max(float(certified.error_bound), 1e-15))))
    print(f"{float(certified.index):.{digits}f} ± {float(certified.error_bound):.1e}")
    return 0


def score_command(arguments: list[str]) -> int:
    """Compare a network of the user's own with Bayes."""
    named = next((word for word in arguments if not word.startswith("-")), "")
    is_bandit = named in families.family_ids() and issubclass(families.load(named), AbstractBanditFamily)
    default = DecisionEvaluationConfig() if is_bandit else EvaluationConfig()
    kind = type(default)

    def score(
        family: Positional[str],
        *,
        network: str,
        weights: Path | None = None,
        evaluation: kind = default,  # pyright: ignore[reportInvalidTypeForm]
        seed: int = 0,
        output: Path = Path("results/score"),
    ) -> tuple[str, str, Path | None, Any, int, Path]:
        """Compare your own torch module with the Bayes-optimal reference of a family, and write the report.

        Args:
            family: id of a family (see `bayesgauge list`).
            network: where your module comes from, as `package.module:factory`; the factory takes no arguments.
            weights: safetensors file with the module's weights; without it they are as the factory leaves them.
            evaluation: what the network is scored on.
            seed: seed of the evaluation tasks.
            output: folder for the report and the numbers behind it.
        """
        return family, network, weights, evaluation, seed, output

    name, factory, weights, evaluation, seed, output = parse(score, args=arguments, prog="bayesgauge score")
    from comparisons.decisions.evaluation import compare_agents
    from comparisons.predictions.evaluation import compare
    from comparisons.seams.networks import load_network

    family: Any = experiment_named(name).family
    if not isinstance(family, AbstractBanditFamily | AbstractPredictionFamily):
        raise ValueError(f"networks are scored on prediction and bandit families; on {name}, `bayesgauge run {name}`")
    run: Any = compare_agents if is_bandit else compare
    comparison = run(load_network(factory, weights), family, seed=seed, evaluation=evaluation)
    comparison.save(output / "comparison.nc")
    report = comparison.write_report(output)
    print(comparison.summary())
    print(f"report: {report}")
    return 0


def report_command(arguments: list[str]) -> int:
    """Write the report of a finished run again."""

    def report(folder: Positional[Path]) -> Path:
        """Write the report of a finished run again, from its files alone.

        Args:
            folder: folder of the run, `results/<experiment>/<fingerprint>`.
        """
        return folder

    folder = parse(report, args=arguments, prog="bayesgauge report")
    from comparisons.stages import render

    path = render(folder)
    print_result(folder)
    print(f"report: {path}")
    return 0


def check_command(arguments: list[str]) -> int:
    """Put families through the contract tests."""

    def check(names: Positional[tuple[str, ...]] = ()) -> tuple[str, ...]:
        """Put families through the contract tests: model, beliefs, predictive, chain rule, NUTS, calibration.

        Args:
            names: ids or class names of families; all of them if none is named.
        """
        return names

    names = parse(check, args=arguments, prog="bayesgauge check")
    from bayesopt.contract import NotApplicable, contract_checks

    num_failed = 0
    for family in [family_named(name)() for name in names or families.family_ids()]:
        for label, run_check in contract_checks().items():
            try:
                verdict = f"passed: {run_check(family)}"
            except NotApplicable as reason:
                verdict = f"not applicable: {reason}"
            except AssertionError as error:
                num_failed += 1
                verdict = f"FAILED: {error}"
            print(f"{family_id(family)}: {label}: {verdict}", flush=True)
    return 1 if num_failed else 0


def _reference_kind(cls: type) -> str:
    if issubclass(cls, AbstractContextualBanditFamily):
        return "optimum" if issubclass(cls, HasContextBeliefs) else "NUTS only"
    if issubclass(cls, AbstractBanditFamily):
        kinds = {"optimum": HasPlan, "Gittins": HasGittinsIndices}
        return " + ".join(name for name, kind in kinds.items() if issubclass(cls, kind)) or "heuristics"
    if issubclass(cls, AbstractTabularFamily):
        return "optimum" if issubclass(cls, HasLifetimePlan) else "heuristics"
    return "exact" if issubclass(cls, HasBeliefs | HasRegressionBeliefs) else "NUTS only"


def _first_line(module: object) -> str:
    return (inspect.getdoc(module) or "").split("\n", 1)[0]
