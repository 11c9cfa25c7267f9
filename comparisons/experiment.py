"""Experiments are frozen values: everything a run depends on, printable, hashable, and shrinkable to a smoke run."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from bayesopt.family import AbstractPredictionFamily, family_id
from comparisons.configs import EvaluationConfig
from metalearners.configs import LSTMConfig, NetworkConfig, TrainingConfig

RESULTS_VERSION = 1
"""Raised by every change that can move results, so that old results are never taken for new ones."""


@dataclass(frozen=True)
class PredictionExperiment:
    """Meta-train networks on a family, then compare them with its Bayes-optimal predictor."""

    family: AbstractPredictionFamily
    """The tasks, with their prior."""
    network: NetworkConfig = LSTMConfig()
    """The network that is meta-trained."""
    training: TrainingConfig = TrainingConfig()
    """How it is meta-trained."""
    evaluation: EvaluationConfig = EvaluationConfig()
    """What it is scored on."""
    training_seeds: tuple[int, ...] = (0, 1)
    """One network is trained per seed; intervals are over seeds and tasks."""
    seed: int = 0
    """Seed of the evaluation: tasks, reorderings, resampling."""

    def __post_init__(self) -> None:
        if not self.training_seeds or len(set(self.training_seeds)) < len(self.training_seeds):
            raise ValueError(f"training_seeds must be distinct and at least one; got {self.training_seeds!r}")
        if any(not 0 <= seed < 2**31 for seed in (*self.training_seeds, self.seed)):
            raise ValueError(
                f"seeds must be integers from 0 to {2**31 - 1}; got training_seeds {self.training_seeds!r}, "
                f"seed {self.seed!r}"
            )
        if self.training.length != self.evaluation.length:
            raise ValueError(
                f"training.length ({self.training.length}) and evaluation.length ({self.evaluation.length}) must be "
                "equal; evaluation.beyond measures other lengths"
            )

    @property
    def id(self) -> str:
        """The name of the folder its results go to."""
        return family_id(self.family)

    @property
    def question(self) -> str:
        """What the experiment asks, in one sentence."""
        return f"How Bayes-optimal is a meta-trained network's prediction of {self.family!r}?"

    def smoke(self) -> "PredictionExperiment":
        """The same experiment, tiny: it runs everything in seconds and proves nothing."""
        return dataclasses.replace(
            self,
            training=dataclasses.replace(self.training, num_steps=min(200, self.training.num_steps)),
            evaluation=dataclasses.replace(
                self.evaluation, num_tasks=200, certificate_length=8, order_tasks=10, convergence_tasks=100
            ),
        )

    def settings(self) -> dict[str, Any]:
        """Every setting by name, JSON-able."""
        return {"results_version": RESULTS_VERSION, **_to_json(self)}

    def fingerprint(self) -> str:
        """A hash of every setting and of the results version: another setting is another folder."""
        return hashlib.sha256(json.dumps(self.settings(), sort_keys=True).encode()).hexdigest()[:12]


def _to_json(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        fields = {field.name: _to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"type": type(value).__name__, **fields}
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    return value
