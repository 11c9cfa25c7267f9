"""Tiny runs that campaigns damage and kill: everything that a run has, in seconds."""

import contextlib
import dataclasses
import io
import os
import re
import shutil
import tempfile
from pathlib import Path

from bayesopt.families import BetaBernoulli
from comparisons.__main__ import main
from comparisons.predictions.experiment import PredictionExperiment
from comparisons.predictions.settings import EvaluationConfig
from comparisons.stages import run_experiment
from metalearners.configs import LSTMConfig, TrainingConfig

RUN = PredictionExperiment(
    BetaBernoulli(),
    LSTMConfig(hidden_size=4),
    TrainingConfig(num_steps=6, batch_size=4, length=6, num_checkpoints=3),
    EvaluationConfig(num_tasks=20, length=6, beyond=(2,), certificate_length=4, order_tasks=2, convergence_tasks=10),
    training_seeds=(0,),
)
TWO_SEEDS = dataclasses.replace(RUN, training_seeds=(0, 1))
OTHER = dataclasses.replace(RUN, training=dataclasses.replace(RUN.training, learning_rate=0.01))


def undisturbed(experiment: PredictionExperiment, shared: Path) -> Path:
    """Return results of an experiment that was left alone, made once by whichever process needs them first."""
    results = shared / f"undisturbed-{experiment.fingerprint()}"
    if not results.exists():
        with tempfile.TemporaryDirectory(dir=shared) as temporary:
            made = Path(temporary) / "results"
            run_experiment(experiment, made)
            with contextlib.suppress(OSError):  # another process was faster
                os.rename(made, results)
    return results


def copy_of(results: Path, folder: Path) -> Path:
    """Return a copy of results in a folder."""
    return Path(shutil.copytree(results, folder / "results"))


def contents(results: Path) -> dict[str, bytes]:
    """Return every file of results but for resume files, which a run may leave at another step, and wall times."""
    files = {path.relative_to(results): path for path in sorted(results.rglob("*")) if path.is_file()}
    return {
        name.as_posix(): _without_times(path.read_bytes()) if path.suffix == ".html" else path.read_bytes()
        for name, path in files.items()
        if "wall_times" not in name.parts and path.name != "resume.safetensors"
    }


def _without_times(page: bytes) -> bytes:
    return re.sub(rb"<dt>(wall time, |Evaluated on)[^<]*</dt><dd>[^<]*</dd>\n", b"", page)


def bayesgauge(*arguments: object) -> tuple[int, str, str]:
    """Run a command line in this process; return its exit code, what it printed, and what it said of errors."""
    printed, refused = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(refused):
        code = main([str(argument) for argument in arguments])
    return code, printed.getvalue(), refused.getvalue()
