"""Training runs: Adam, a learning-rate schedule, checkpoints and exact resume.

Everything that a later step depends on (weights, Adam's moments, the random generator, the measures so far) is in the
resume file, and learning rate and training data are pure functions of the step; so a run that was killed and resumed
ends with bit for bit the weights of one that was not.
"""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from metalearners.actor_critic_configs import ActorCriticConfig
from metalearners.checkpoint_files import RESUME_FILE, checkpoint_path
from metalearners.checkpoints import load_tensors, load_weights, save_tensors
from metalearners.configs import ReinforcementConfig, TrainingConfig
from metalearners.divergence import diverged
from metalearners.network import seeded
from metalearners.own_settings import own_settings
from metalearners.progress import counted
from metalearners.sealed_files import OWNER, stamp

SECONDS_BETWEEN_SAVES = 5.0


RunConfig = TrainingConfig | ReinforcementConfig | ActorCriticConfig


def load_checkpoint(module: nn.Module, directory: Path, step: int) -> None:
    """Load the weights after `step` steps into a module. Raises as `load_weights` does."""
    load_weights(module, checkpoint_path(directory, step))


class TrainingRun:
    """Modules, optimizer, measures and current step of one training run.

    Checkpoints hold the weights of `kept`. `trained` is the module that is trained: `kept` itself or a module that
    contains it. `measures` names the values that every step reports; the first is the loss. With several networks, the
    first axis of every parameter is the network, and gradients are clipped for each network separately.
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
        self.is_lost = torch.zeros((num_networks,) if num_networks > 1 else (), dtype=torch.bool)
        """Networks whose loss stopped being finite."""
        self.largest_weight = 0.0
        """Largest magnitude of the weights of those that were lost last, before the step that lost them."""
        trained.train()

    def complete(
        self,
        advance: Callable[[int], tuple[float, ...]],
        data: Callable[[int], object],
        *,
        seed: int,
        directory: Path | None,
        label: str,
    ) -> dict[str, Float[Tensor, "step"]]:
        """Advance to the last step, from the resume file in `directory` if there is one, and return all measures.

        `advance` makes the gradient steps of one training step and returns its measures; `data` returns the tasks of
        a step. Training runs on one thread, with torch's generator seeded. Raises `FloatingPointError`, which says
        what was not finite first, if the loss stops being finite.
        """
        with own_settings(self.trained), seeded(seed):
            if directory is not None:
                self.restore(directory)
            try:
                for step in counted(self.step, self.config.num_steps, label):
                    values = advance(step)
                    if not math.isfinite(values[0]):
                        largest, settings = self.largest_weight, self.config
                        raise diverged(step + 1, values[0], data(step), largest_weight=largest, settings=settings)
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
        """Make one gradient step on the sum of the networks' losses, and return their mean before the step.

        With several networks, a network without a finite loss is left out of the mean and its weights become NaN.
        """
        is_finite = torch.isfinite(loss.detach())
        if bool((is_lost_now := ~is_finite & ~self.is_lost).any()):
            lost = [weights[is_lost_now] if self.num_networks > 1 else weights for weights in self.parameters]
            self.largest_weight = max(float(weights.detach().abs().max()) for weights in lost if weights.numel())
            self.is_lost = self.is_lost | is_lost_now
        self.optimizer.zero_grad()
        loss.sum().backward()
        if self.num_networks > 1:
            _clip_each(self.parameters, self.config.max_gradient_norm, is_finite)
        else:
            clip_grad_norm_(self.parameters, self.config.max_gradient_norm)
        self.optimizer.param_groups[0]["lr"] = self.config.learning_rate_at(self.step)
        self.optimizer.step()
        return (loss[is_finite] if self.num_networks > 1 else loss).mean().item()

    def keep(self, directory: Path) -> None:
        """Write the files that are due after this step: a checkpoint, the resume file, both or none."""
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
        """Load the state of the resume file, if there is one and no checkpoint before it is missing.

        Raises `ValueError` if the file is damaged or belongs to another run.
        """
        path = directory / RESUME_FILE
        if not path.exists():
            return
        try:
            tensors, metadata = load_tensors(path)
        except ValueError as error:
            raise ValueError(f"{error}. Delete it to train from scratch") from error
        is_ours = metadata.get("format") == "bayesgauge resume" and all(name in tensors for name in self.measures)
        is_ours = is_ours and metadata.get(OWNER) in (None, stamp().get(OWNER))
        if not is_ours or len(tensors["losses"]) > self.config.num_steps:
            raise ValueError(f"{path} is not the resume file of this run; delete it to train from scratch")
        past = [step for step in self.checkpoint_steps if step <= len(tensors["losses"])]
        if any(not checkpoint_path(directory, step).exists() for step in past):
            return  # what is missing can only be made again from the start
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
    """Scale down the gradients of every network that exceed `max_norm`; the first axis is the network.

    The gradients of a network without a finite loss become NaN. Gradients that overflow would otherwise be scaled to
    zero, and the weights of the network would not change.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    squares = sum((gradient.flatten(1).square().sum(dim=1) for gradient in gradients), torch.zeros(len(gradients[0])))
    factors = (max_norm / squares.sqrt().clamp(min=max_norm)).masked_fill(~is_finite, math.nan)
    for gradient in gradients:
        gradient.mul_(factors.view(-1, *[1] * (gradient.ndim - 1)))
