"""Training runs of any kind: Adam, a one-cycle learning rate, checkpoints, exact resume.

Everything that a later step depends on (weights, Adam's moments, the random generator, the measures so far) is in the
resume file, and learning rate and training data are pure functions of the step; so a run that was killed and resumed
ends with bit for bit the weights of one that was not.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from tqdm.auto import tqdm

from metalearners.actor_critic_configs import ActorCriticConfig
from metalearners.checkpoints import load_tensors, load_weights, save_tensors
from metalearners.configs import ReinforcementConfig, TrainingConfig
from metalearners.network import one_thread, seeded

RESUME_FILE = "resume.safetensors"
SECONDS_BETWEEN_SAVES = 5.0


RunConfig = TrainingConfig | ReinforcementConfig | ActorCriticConfig


def checkpoint_path(directory: Path, step: int) -> Path:
    """Where the weights after `step` steps are kept."""
    return directory / f"step-{step:06d}.safetensors"


def is_trained(directory: Path, config: RunConfig) -> bool:
    """Whether every checkpoint of a finished run is there."""
    return all(checkpoint_path(directory, step).exists() for step in config.checkpoint_steps())


def load_checkpoint(module: nn.Module, directory: Path, step: int) -> None:
    """Fill a module with the weights after `step` steps. Raises as `load_weights` does."""
    load_weights(module, checkpoint_path(directory, step))


class TrainingRun:
    """The moving parts of one training run.

    `kept` is the module whose weights the checkpoints hold; `trained` is all that is trained: the same module, or one
    that contains it. `measures` names what every step reports; the first is the loss. With several networks, the
    first axis of every parameter is theirs, and the gradients of each are clipped by themselves.
    """

    def __init__(
        self,
        kept: nn.Module,
        trained: nn.Module,
        config: RunConfig,
        *,
        measures: tuple[str, ...] = ("losses",),
        num_networks: int = 1,
    ) -> None:
        self.kept = kept
        self.trained = trained
        self.config = config
        self.parameters = [p for p in trained.parameters() if p.requires_grad]
        self.num_networks = num_networks
        self.optimizer = torch.optim.Adam(
            self.parameters,
            lr=config.learning_rate,
            betas=(0.9, config.second_moment_decay),
            weight_decay=config.weight_decay,
            fused=True,
        )
        self.measures = {name: torch.zeros(config.num_steps) for name in measures}
        self.step = 0
        self.checkpoint_steps = config.checkpoint_steps()
        self.last_save = time.monotonic()
        trained.train()

    def complete(
        self, advance: Callable[[int], tuple[float, ...]], *, seed: int, directory: Path | None, label: str
    ) -> dict[str, Float[Tensor, "step"]]:
        """Advance from where `directory` says the run is to its last step; every measure at every step.

        `advance` makes the gradient steps of one training step and returns its measures. Runs on one thread, with
        torch's generator seeded. Raises `FloatingPointError` when the loss stops being finite.
        """
        with one_thread(), seeded(seed):
            if directory is not None:
                self.restore(directory)
            try:
                for step in _progress(self.step, self.config.num_steps, label):
                    values = advance(step)
                    if not math.isfinite(values[0]):
                        raise FloatingPointError(
                            f"training diverged: the loss at step {step + 1} is {values[0]}; "
                            f"lower learning_rate (now {self.config.learning_rate:g})"
                        )
                    for measure, value in zip(self.measures.values(), values, strict=True):
                        measure[step] = value
                    self.step = step + 1
                    if directory is not None:
                        self.keep(directory)
            except KeyboardInterrupt:
                if directory is not None:
                    self.save(directory / RESUME_FILE)
                raise
        return self.measures

    def descend(self, loss: Float[Tensor, "*network"]) -> float:
        """One gradient step on the sum of the networks' losses; their mean before it, without those that diverged.

        Of several networks, one whose loss is not finite loses its weights to NaN.
        """
        self.optimizer.zero_grad()
        loss.sum().backward()
        is_finite = torch.isfinite(loss.detach())
        if self.num_networks > 1:
            _clip_each(self.parameters, self.config.max_gradient_norm, is_finite)
        else:
            clip_grad_norm_(self.parameters, self.config.max_gradient_norm)
        self.optimizer.param_groups[0]["lr"] = self.config.learning_rate_at(self.step)
        self.optimizer.step()
        return (loss[is_finite] if self.num_networks > 1 else loss).mean().item()

    def keep(self, directory: Path) -> None:
        """Write whatever is due after this step."""
        is_checkpoint = self.step in self.checkpoint_steps
        if is_checkpoint:
            metadata = {"format": "bayesgauge weights", "step": self.step}
            save_tensors(checkpoint_path(directory, self.step), self.kept.state_dict(), metadata)
        is_last = self.step == self.config.num_steps
        if is_last or time.monotonic() - self.last_save > SECONDS_BETWEEN_SAVES:
            self.save(directory / RESUME_FILE)

    def save(self, path: Path) -> None:
        """Write everything that a later step depends on."""
        tensors = {f"network.{name}": tensor for name, tensor in self.trained.state_dict().items()}
        for index, parameter in enumerate(self.parameters):
            for name, value in self.optimizer.state.get(parameter, {}).items():
                tensors[f"optimizer.{index}.{name}"] = value
        for name, measure in self.measures.items():
            tensors[name] = measure[: self.step]
        tensors["generator"] = torch.random.get_rng_state()
        save_tensors(path, tensors, {"format": "bayesgauge resume", "step": self.step})
        self.last_save = time.monotonic()

    def restore(self, directory: Path) -> None:
        """Take up where the resume file left off; start afresh where there is none."""
        path = directory / RESUME_FILE
        if not path.exists():
            return
        tensors, metadata = load_tensors(path)
        is_ours = metadata.get("format") == "bayesgauge resume" and all(name in tensors for name in self.measures)
        if not is_ours or len(tensors["losses"]) > self.config.num_steps:
            raise ValueError(f"{path} is not the resume file of this run; delete it to train afresh")
        weights = {name.removeprefix("network."): t for name, t in tensors.items() if name.startswith("network.")}
        self.trained.load_state_dict(weights)
        for index, parameter in enumerate(self.parameters):
            prefix = f"optimizer.{index}."
            state = {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
            if state:
                self.optimizer.state[parameter] = state
        self.step = len(tensors["losses"])
        for name, measure in self.measures.items():
            measure[: self.step] = tensors[name]
        torch.random.set_rng_state(tensors["generator"])


def _clip_each(parameters: Sequence[nn.Parameter], max_norm: float, is_finite: Bool[Tensor, "network"]) -> None:
    """Scale down every network's gradients to `max_norm` where they exceed it; the first axis is the networks'.

    NaN where the loss is not finite: gradients that overflow would else be scaled to zero, and the network stay.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    squares = sum((gradient.flatten(1).square().sum(dim=1) for gradient in gradients), torch.zeros(len(gradients[0])))
    factors = (max_norm / squares.sqrt().clamp(min=max_norm)).masked_fill(~is_finite, math.nan)
    for gradient in gradients:
        gradient.mul_(factors.view(-1, *[1] * (gradient.ndim - 1)))


def _progress(start: int, stop: int, label: str) -> Iterator[int]:
    yield from tqdm(range(start, stop), initial=start, total=stop, desc=label, unit="step", disable=None, leave=False)
