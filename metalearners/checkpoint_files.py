"""Names of the files that a training run leaves in its directory."""

from pathlib import Path
from typing import Protocol, runtime_checkable

RESUME_FILE = "resume.safetensors"


@runtime_checkable
class HasCheckpoints(Protocol):
    """Settings of a training run that keeps checkpoints."""

    def checkpoint_steps(self) -> tuple[int, ...]:
        """Return the steps after which weights are kept; the last is the end of the training."""
        ...


def checkpoint_path(directory: Path, step: int) -> Path:
    """Return the path of the weights after `step` steps."""
    return directory / f"step-{step:06d}.safetensors"


def is_trained(directory: Path, training: HasCheckpoints) -> bool:
    """Return whether every checkpoint of a finished run exists."""
    return all(checkpoint_path(directory, step).exists() for step in training.checkpoint_steps())
