"""`bayesgauge run`: an experiment on a family, or the reproduction of a paper."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import tyro

from bayesopt import families
from comparisons import reproductions
from comparisons.commands.answers import Output, OutputOptions, only_json, print_answer
from comparisons.commands.folders import require_writable
from comparisons.commands.names import VARIANTS, experiment_named
from comparisons.commands.parsing import parse
from comparisons.commands.refusals import CommandLineError, shown
from comparisons.comparison import open_comparison
from comparisons.experiment import AbstractExperiment
from comparisons.reproductions._running import (
    ReproductionOptions,
    experiments_of,
    num_untrained,
    run_reproduction,
)
from comparisons.saved_settings import changed_sources, read_experiment
from comparisons.stages import run_experiment
from comparisons.training import folder_of


def main(arguments: list[str]) -> int:
    """Meta-train, compare, report."""
    if any(argument.partition("=")[0] == "--config" for argument in arguments[:1]):
        return _run_config(arguments)
    if not arguments:
        raise CommandLineError("missing NAME of a family or a paper; `bayesgauge run --help` lists them")
    if arguments[0] in ("-h", "--help"):
        print(
            "usage: bayesgauge run NAME [OPTIONS]\n"
            "       bayesgauge run --config experiment.json [OPTIONS]\n\n"
            "Meta-train networks on a family, compare them with its Bayes-optimal predictor or policy, and write the\n"
            "report. A run that was stopped resumes; a finished one only renders its report again.\n\n"
            f"families: {', '.join(families.family_ids())}\n"
            f"papers: {', '.join(reproductions.reproduction_ids())}\n"
            f"settings as printed in papers, which take days: {', '.join(VARIANTS)}\n\n"
            "`bayesgauge run NAME --help` shows every setting of an experiment as a flag, for instance\n"
            "`bayesgauge run beta_bernoulli --training.num-steps 5000 --family.concentration1 2`."
        )
        return 0
    if arguments[0].startswith("-"):
        raise CommandLineError(f"NAME must come first, then options; got {shown(arguments[0])}")
    name, *flags = arguments
    if name in reproductions.reproduction_ids():
        return _run_reproduction(name, flags)
    default: Any = experiment_named(name)
    kind = type(default)

    def run(
        experiment: Annotated[kind, tyro.conf.arg(name="")] = default,  # pyright: ignore[reportInvalidTypeForm]
        *,
        smoke: bool = False,
        results: Path = Path("results"),
        scheduler: str | None = None,
        answer: OutputOptions = Output(),
    ) -> tuple[AbstractExperiment, Path, str | None, Output]:
        """Meta-train networks on a family, compare them with its Bayes-optimal reference, and write the report.

        Args:
            experiment: what to run.
            smoke: run a tiny version of the experiment, which proves nothing.
            results: folder for checkpoints, numbers and the report.
            scheduler: train on the Dask cluster whose scheduler has this address, as tcp://host:8786. All its
                workers must see the results folder under the same path, and be started with --nthreads 1. By
                default networks are trained here, one process per core.
            answer: how the answer is printed.
        """
        return (experiment.smoke() if smoke else experiment), results, scheduler, answer

    experiment, results, scheduler, answer = parse(
        run, args=flags, prog=f"bayesgauge run {name}", config=(tyro.conf.AvoidSubcommands,)
    )
    return _run_experiment(experiment, results, scheduler, answer)


def _run_config(flags: list[str]) -> int:
    def run(
        *,
        config: Path,
        smoke: bool = False,
        results: Path | None = None,
        scheduler: str | None = None,
        answer: OutputOptions = Output(),
    ) -> tuple[Path, bool, Path | None, str | None, Output]:
        """Run the experiment whose settings an earlier run left.

        Args:
            config: the file `experiment.json` in the folder of a run, as it is or edited.
            smoke: run a tiny version of the experiment, which proves nothing.
            results: folder for checkpoints, numbers and the report. By default that which holds the file, if the file
                lies in the folder of its run; otherwise `results`.
            scheduler: train on the Dask cluster whose scheduler has this address, as tcp://host:8786.
            answer: how the answer is printed.
        """
        return config, smoke, results, scheduler, answer

    config, smoke, results, scheduler, answer = parse(run, args=flags, prog="bayesgauge run")
    experiment = read_experiment(config)
    for module in changed_sources(config):
        print(f"note: {module} has changed since {config} was written, so this is another run", file=sys.stderr)
    experiment = experiment.smoke() if smoke else experiment
    if results is None:
        own = Path(os.path.relpath(config.parent.resolve().parent.parent))
        results = own if folder_of(experiment, own.resolve()) == config.parent.resolve() else Path("results")
    return _run_experiment(experiment, results, scheduler, answer)


def _run_experiment(experiment: AbstractExperiment, results: Path, scheduler: str | None, answer: Output) -> int:
    require_writable(results, "--results")
    with only_json(answer.json):
        report = run_experiment(experiment, results, scheduler=scheduler)
        comparison = open_comparison(report.parent.parent)
    return print_answer(comparison, report, answer)


def _run_reproduction(name: str, flags: list[str]) -> int:
    def run(
        *,
        smoke: bool = False,
        seeds: int = 0,
        only: tuple[str, ...] = (),
        results: Path = Path("results"),
        scheduler: str | None = None,
        answer: OutputOptions = Output(),
    ) -> tuple[bool, int, tuple[str, ...], Path, str | None, Output]:
        """Reproduce a paper: run its experiments, then write one report with a verdict on every claim.

        Args:
            smoke: run tiny versions of the experiments, which prove nothing.
            seeds: networks to train per experiment; 0 is the reproduction's own number.
            only: names of experiments to run; all of them if none is named.
            results: folder for checkpoints, numbers and reports.
            scheduler: train on the Dask cluster whose scheduler has this address, as tcp://host:8786. All its
                workers must see the results folder under the same path, and be started with --nthreads 1. By
                default networks are trained here, one process per core.
            answer: how the answer is printed.
        """
        return smoke, seeds, only, results, scheduler, answer

    smoke, seeds, only, results, scheduler, answer = parse(run, args=flags, prog=f"bayesgauge run {name}")
    if "--only" in flags and not only:
        raise CommandLineError("--only needs the name of an experiment; without --only all of them run")
    options = ReproductionOptions(smoke=smoke, seeds=seeds, only=only)
    chosen = experiments_of(name, options)
    require_writable(results, "--results")
    if not smoke and not answer.json:
        num_units = sum(len(experiment.training_units()) for experiment in chosen.values())
        num_left = num_untrained(name, results, options)
        duration = reproductions.load(name).duration(chosen)
        print(
            f"{len(chosen)} experiments; {num_left} of {num_units} units are left to train; all: {duration}", flush=True
        )
    with only_json(answer.json):
        report = run_reproduction(name, results, options, scheduler=scheduler)
        comparison = open_comparison(report.parent.parent)
    return print_answer(comparison, report, answer)
