"""Trains the units of a sweep, which only takes notes; there is nothing to evaluate."""

import os
import signal
import time
from pathlib import Path
from typing import NoReturn

from comparisons.experiment import TrainingUnit
from tests.comparisons.sweep.experiment import Sweep

EVALUATION_VERSION = 1


def train(experiment: Sweep, unit: TrainingUnit, directory: Path) -> None:
    """Note when a unit begins and ends; between, do to the process what the experiment says."""
    experiment.note("began", unit)
    if unit.name in experiment.killing and experiment.count("began")[unit.name] <= experiment.num_kills:
        os.kill(os.getpid(), signal.SIGKILL)
    if experiment.is_killed_after_another and is_second(experiment):
        experiment.note("killed", unit)
        os.kill(os.getpid(), signal.SIGKILL)
    if unit.name in experiment.diverging:
        raise FloatingPointError(f"training diverged: {unit.name}")
    time.sleep(experiment.seconds)
    directory.mkdir(parents=True)
    (directory / "done").touch()
    experiment.note("ended", unit)


def evaluate(experiment: Sweep, directories: tuple[Path, ...]) -> NoReturn:
    """Say what would be evaluated."""
    raise NotImplementedError(f"evaluating {', '.join(directory.name for directory in directories)}")


def is_second(experiment: Sweep) -> bool:
    """Whether this process has ended a unit, and no process was told so before."""
    if not any(event == "ended" and process == str(os.getpid()) for event, _, process in experiment.read_notes()):
        return False
    try:
        Path(f"{experiment.notes}.told").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
