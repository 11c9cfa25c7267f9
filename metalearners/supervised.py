"""Meta-training by log loss: fresh sequences at every step, Adam, a one-cycle learning rate, exact resume.

Everything that a later step depends on (weights, Adam's moments, the random generator, the losses so far) is in the
resume file, and batch and learning rate are pure functions of the step; so a run that was killed and resumed ends
with bit for bit the weights of one that was not.
"""

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from tqdm.auto import tqdm

from metalearners.checkpoints import load_tensors, load_weights, log_spaced_steps, save_tensors
from metalearners.configs import TrainingConfig
from metalearners.network import SequencePredictor, one_thread, seeded

ObservationStream = Callable[[int], Shaped[Tensor, "batch time"]]
"""The observations of every training step, as a pure function of the step."""

SECONDS_BETWEEN_SAVES = 5.0


class TrainingRecord(NamedTuple):
    """What training did: the mean log loss of every step, in nats per observation."""

    losses: Float[np.ndarray, "step"]


def train(
    predictor: SequencePredictor,
    stream: ObservationStream,
    config: TrainingConfig,
    *,
    seed: int,
    directory: Path | None = None,
    label: str = "training",
) -> TrainingRecord:
    """Train a predictor in place, `config.num_steps` steps from where `directory` says it is.

    With a directory, weights are kept at log-spaced steps as `step-002000.safetensors`, and `resume.safetensors`
    every few seconds and on Ctrl-C. `seed` drives whatever randomness the network has in training (dropout).
    Raises `FloatingPointError` when the loss stops being finite.
    """
    with one_thread(), seeded(seed):
        run = _Run(predictor, config)
        if directory is not None:
            run.restore(directory)
        try:
            for step in _progress(run.step, config.num_steps, label):
                loss = run.advance(stream(step))
                if not math.isfinite(loss):
                    raise FloatingPointError(
                        f"training diverged: the loss at step {step + 1} is {loss}; "
                        f"lower learning_rate (now {config.learning_rate:g})"
                    )
                if directory is not None:
                    run.keep(directory)
        except KeyboardInterrupt:
            if directory is not None:
                run.save(directory / RESUME_FILE)
            raise
    return TrainingRecord(losses=run.losses.numpy())


RESUME_FILE = "resume.safetensors"


def checkpoint_path(directory: Path, step: int) -> Path:
    """Where the weights after `step` steps are kept."""
    return directory / f"step-{step:06d}.safetensors"


def learning_rate(step: int, config: TrainingConfig) -> float:
    """One cycle: a linear rise to the peak over the warm-up, then a cosine fall to zero."""
    warmup = config.warmup_fraction * config.num_steps
    if step < warmup:
        return config.learning_rate * (step + 1) / (warmup + 1)
    progress = (step - warmup) / (config.num_steps - warmup)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


class _Run:
    """The moving parts of one training run."""

    def __init__(self, predictor: SequencePredictor, config: TrainingConfig) -> None:
        self.predictor = predictor
        self.config = config
        self.parameters = [p for p in predictor.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(self.parameters, lr=config.learning_rate, betas=(0.9, 0.99), fused=True)
        self.losses = torch.zeros(config.num_steps)
        self.step = 0
        self.checkpoint_steps = log_spaced_steps(config.num_steps, config.num_checkpoints)
        self.last_save = time.monotonic()
        predictor.train()

    def advance(self, observations: Shaped[Tensor, "batch time"]) -> float:
        """One gradient step; the mean log loss before it."""
        loss = -self.predictor.log_prob(observations).mean()
        self.optimizer.zero_grad()
        loss.backward()
        clip_grad_norm_(self.parameters, self.config.max_gradient_norm)
        self.optimizer.param_groups[0]["lr"] = learning_rate(self.step, self.config)
        self.optimizer.step()
        value = loss.item()
        self.losses[self.step] = value
        self.step += 1
        return value

    def keep(self, directory: Path) -> None:
        """Write whatever is due after this step."""
        is_checkpoint = self.step in self.checkpoint_steps
        if is_checkpoint:
            metadata = {"format": "bayesgauge weights", "step": self.step}
            save_tensors(checkpoint_path(directory, self.step), self.predictor.state_dict(), metadata)
        is_last = self.step == self.config.num_steps
        if is_last or time.monotonic() - self.last_save > SECONDS_BETWEEN_SAVES:
            self.save(directory / RESUME_FILE)

    def save(self, path: Path) -> None:
        """Write everything that a later step depends on."""
        tensors = {f"network.{name}": tensor for name, tensor in self.predictor.state_dict().items()}
        for index, parameter in enumerate(self.parameters):
            for name, value in self.optimizer.state.get(parameter, {}).items():
                tensors[f"optimizer.{index}.{name}"] = value
        tensors["losses"] = self.losses[: self.step]
        tensors["generator"] = torch.random.get_rng_state()
        save_tensors(path, tensors, {"format": "bayesgauge resume", "step": self.step})
        self.last_save = time.monotonic()

    def restore(self, directory: Path) -> None:
        """Take up where the resume file left off; start afresh where there is none."""
        path = directory / RESUME_FILE
        if not path.exists():
            return
        tensors, metadata = load_tensors(path)
        if metadata.get("format") != "bayesgauge resume" or len(tensors["losses"]) > self.config.num_steps:
            raise ValueError(f"{path} is not the resume file of this run; delete it to train afresh")
        weights = {name.removeprefix("network."): t for name, t in tensors.items() if name.startswith("network.")}
        self.predictor.load_state_dict(weights)
        for index, parameter in enumerate(self.parameters):
            prefix = f"optimizer.{index}."
            state = {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
            if state:
                self.optimizer.state[parameter] = state
        self.step = len(tensors["losses"])
        self.losses[: self.step] = tensors["losses"]
        torch.random.set_rng_state(tensors["generator"])


def is_trained(directory: Path, config: TrainingConfig) -> bool:
    """Whether every checkpoint of a finished run is there."""
    steps = log_spaced_steps(config.num_steps, config.num_checkpoints)
    return all(checkpoint_path(directory, step).exists() for step in steps)


def load_checkpoint(module: nn.Module, directory: Path, step: int) -> None:
    """Fill a module with the weights after `step` steps. Raises as `load_weights` does."""
    load_weights(module, checkpoint_path(directory, step))


def _progress(start: int, stop: int, label: str) -> Iterator[int]:
    yield from tqdm(range(start, stop), initial=start, total=stop, desc=label, unit="step", disable=None, leave=False)
