"""What each command of the command line does, with its options."""

import contextlib
import dataclasses
import inspect
import io
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import tyro
from rich.console import Console
from rich.table import Table

from bayesopt import families
from bayesopt.family import AbstractPredictionFamily, HasBeliefs, family_id
from comparisons.configs import EvaluationConfig
from comparisons.experiment import PredictionExperiment

Positional = tyro.conf.Positional
Result = TypeVar("Result")


def list_command(arguments: list[str]) -> int:
    """Families and experiments there are."""

    def list_families() -> None:
        """List the task families; each is also an experiment that `run` knows."""
        table = Table(box=None, pad_edge=False)
        for heading in ("id", "class", "reference", "tasks"):
            table.add_column(heading, no_wrap=heading != "tasks")
        for identifier, cls in families.discover().items():
            table.add_row(identifier, cls.__name__, _reference_kind(cls), _first_line(sys.modules[cls.__module__]))
        Console(width=None if sys.stdout.isatty() else 120).print(table)

    _parse(list_families, args=arguments, prog="bayesgauge list")
    return 0


def show_command(arguments: list[str]) -> int:
    """What one family is."""

    def show(name: Positional[str]) -> None:
        """Show what a family is, and the settings of the experiment that `run` makes of it.

        Args:
            name: id or class name of a family (see `bayesgauge list`).
        """
        experiment = _experiment_named(name)
        cls = type(experiment.family)
        print(f"{family_id(cls)}: {inspect.getdoc(cls)}\n")
        print(f"reference: {_reference_kind(cls)}")
        print(f"model:\n\n{inspect.getsource(cls.model)}")
        print("experiment:\n")
        for field in dataclasses.fields(experiment):
            print(f"  {field.name} = {getattr(experiment, field.name)!r}")

    _parse(show, args=arguments, prog="bayesgauge show")
    return 0


def run_command(arguments: list[str]) -> int:
    """Meta-train, compare, report."""
    if not arguments or arguments[0].startswith("-"):
        print(
            "usage: bayesgauge run NAME [OPTIONS]\n\n"
            "Meta-train networks on a family, compare them with its Bayes-optimal predictor, and write the report.\n"
            "A run that was stopped resumes; a finished one only renders its report again.\n\n"
            f"names: {', '.join(families.family_ids())}\n\n"
            "`bayesgauge run NAME --help` shows every setting of an experiment as a flag, for instance\n"
            "`bayesgauge run beta_bernoulli --training.num-steps 5000 --family.concentration1 2`."
        )
        return 0 if arguments and arguments[0] in ("-h", "--help") else 2
    name, *flags = arguments
    default = _experiment_named(name)

    def run(
        experiment: Annotated[PredictionExperiment, tyro.conf.arg(name="")] = default,
        *,
        smoke: bool = False,
        results: Path = Path("results"),
    ) -> tuple[PredictionExperiment, Path]:
        """Meta-train networks on a family, compare them with its Bayes-optimal predictor, and write the report.

        Args:
            experiment: what to run.
            smoke: run a tiny version of the experiment, which proves nothing.
            results: folder for checkpoints, numbers and the report.
        """
        return (experiment.smoke() if smoke else experiment), results

    experiment, results = _parse(run, args=flags, prog=f"bayesgauge run {name}", config=(tyro.conf.AvoidSubcommands,))
    from comparisons.stages import run_experiment

    report = run_experiment(experiment, results)
    _print_result(report.parent.parent)
    print(f"report: {report}")
    return 0


def score_command(arguments: list[str]) -> int:
    """Compare a network of the user's own with Bayes."""

    def score(
        family: Positional[str],
        *,
        network: str,
        weights: Path | None = None,
        evaluation: EvaluationConfig = EvaluationConfig(),
        seed: int = 0,
        output: Path = Path("results/score"),
    ) -> tuple[str, str, Path | None, EvaluationConfig, int, Path]:
        """Compare your own torch module with the Bayes-optimal predictor of a family, and write the report.

        Args:
            family: id or class name of a family (see `bayesgauge list`).
            network: where your module comes from, as `package.module:factory`; the factory takes no arguments.
            weights: safetensors file with the module's weights; without it they are as the factory leaves them.
            evaluation: what the network is scored on.
            seed: seed of the evaluation tasks.
            output: folder for the report and the numbers behind it.
        """
        return family, network, weights, evaluation, seed, output

    name, factory, weights, evaluation, seed, output = _parse(score, args=arguments, prog="bayesgauge score")
    from comparisons.comparing import compare
    from comparisons.scoring import load_network

    family = _experiment_named(name).family
    comparison = compare(load_network(factory, weights), family, seed=seed, evaluation=evaluation)
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

    folder = _parse(report, args=arguments, prog="bayesgauge report")
    from comparisons.stages import render

    path = render(folder)
    _print_result(folder)
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

    names = _parse(check, args=arguments, prog="bayesgauge check")
    from bayesopt.contract import NotApplicable, contract_checks

    num_failed = 0
    for family in [_family_named(name)() for name in names or families.family_ids()]:
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


def _parse(function: Callable[..., Result], *, args: list[str], prog: str, config: tuple[Any, ...] = ()) -> Result:
    """`tyro.cli`, but a value that is refused is a `ValueError` with one line, not a box of several.

    A flag that does not exist keeps its box, which suggests the right one, and exits with code 2.
    """
    printed = io.StringIO()
    try:
        with contextlib.redirect_stderr(printed):
            return tyro.cli(function, args=args, prog=prog, config=config)
    except SystemExit:
        title, *rows = printed.getvalue().splitlines() or [""]
        if "Value error" in title:
            inside = itertools.takewhile(lambda row: "───" not in row, rows)
            raise ValueError(" ".join(row.strip("│ ") for row in inside)) from None
        sys.stderr.write(printed.getvalue())
        raise


def _experiment_named(name: str) -> PredictionExperiment:
    family = _family_named(name)()
    if not isinstance(family, AbstractPredictionFamily):
        raise ValueError(f"{name} is not a prediction family; only those have an experiment")
    return PredictionExperiment(family)


def _family_named(name: str) -> type[Any]:
    return families.load(name)


def _reference_kind(cls: type) -> str:
    return "exact" if issubclass(cls, HasBeliefs) else "NUTS only"


def _first_line(module: object) -> str:
    return (inspect.getdoc(module) or "").split("\n", 1)[0]


def _print_result(folder: Path) -> None:
    from comparisons.stages import open_result, verdicts_of

    comparison = open_result(folder)
    print(comparison.summary())
    for verdict in verdicts_of(comparison):
        print(f"{verdict.outcome:>9}: {verdict.statement}")
