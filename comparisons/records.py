"""Records of who made what in the folder of a run, so that a file which does not belong there is refused by name.

`experiment.json` has the settings, their fingerprint and a digest of both. Every checkpoint says of which run and
training unit it is, with a digest of itself; the scores say the same and list the checkpoints they were made from.
Files of earlier versions lack these records: they are read, and a note says that they cannot be checked.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from comparisons.experiment import AbstractExperiment, TrainingUnit
from metalearners.atomic import write_atomically
from metalearners.checkpoint_files import RESUME_FILE
from metalearners.sealed_files import OWNER, read_seal

EXPERIMENT_FILE = "experiment.json"
COMMAND = f"bayesgauge run --config {EXPERIMENT_FILE}"
"""The command that makes a result again, in its folder."""
NOT_SETTINGS = ("question", "fingerprint", "command", "digest")
"""Entries of `experiment.json` that are no settings."""


class Settings(NamedTuple):
    """What `experiment.json` says."""

    question: str
    settings: dict[str, Any]
    fingerprint: str | None
    """`None` in a file of an earlier version, which cannot be checked."""
    command: str | None


class Checkpoint(NamedTuple):
    """A file that training left, as the scores record it."""

    file: str
    """Its path in the folder of checkpoints."""
    sha256: str
    versions: str
    """Versions of packages that it was trained with, as JSON; empty where it does not say."""


def write_settings(experiment: AbstractExperiment, folder: Path) -> None:
    """Write the settings of an experiment into its folder."""
    content = {
        "question": experiment.question,
        **experiment.settings(),
        "fingerprint": experiment.fingerprint(),
        "command": COMMAND,
    }
    content["digest"] = _digest(content)
    write_atomically(folder / EXPERIMENT_FILE, json.dumps(content, indent=2).encode())


def read_settings(folder: Path) -> Settings:
    """Return the settings of a run.

    Raises `FileNotFoundError` where there are none, and `ValueError` where they were edited or are no settings.
    """
    path = folder / EXPERIMENT_FILE
    content = read_json(path)
    digest = content.pop("digest", None)
    if digest is None and "fingerprint" not in content:
        settings = {name: value for name, value in content.items() if name not in NOT_SETTINGS}
        return Settings(str(content.get("question", "")), settings, None, None)
    if digest != _digest(content):
        raise ValueError(
            f"{path} was changed after the run wrote it. Run the experiment again with its settings: that writes the "
            "file again and trains nothing that is trained"
        )
    settings = {name: value for name, value in content.items() if name not in NOT_SETTINGS}
    return Settings(content["question"], settings, content["fingerprint"], content["command"])


def read_json(path: Path) -> dict[str, Any]:
    """Return what a file of settings says. Raises `FileNotFoundError`, or `ValueError` where it is no JSON object."""
    if not path.is_file():
        raise FileNotFoundError(f"no settings of a run at {path}")
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} must be the settings of a run, in JSON; it cannot be read ({type(error).__name__})"
        ) from error
    if not isinstance(content, dict) or "type" not in content:
        raise ValueError(f"{path} must be the settings of a run, in JSON; it holds something else")
    return content


def owner_of(fingerprint: str, unit: TrainingUnit) -> str:
    """Return what the checkpoints of a training unit say of whose they are."""
    return f"{fingerprint}/{unit.name}"


def unit_folder(folder: Path, unit: TrainingUnit) -> Path:
    """Return the folder of the checkpoints of one training unit."""
    return folder / "checkpoints" / unit.name


def checkpoints_of(experiment: AbstractExperiment, folder: Path) -> list[Checkpoint]:
    """Return all checkpoints of a trained experiment. Raises `ValueError` for one that is damaged or foreign."""
    found: list[Checkpoint] = []
    for unit in experiment.training_units():
        directory = unit_folder(folder, unit)
        for path in sorted(directory.rglob("*")):
            if path.is_file() and path.name != RESUME_FILE and not path.name.startswith("."):
                versions = _versions_in(path, owner_of(experiment.fingerprint(), unit))
                found.append(Checkpoint(_name(path, folder), sha256_of(path), versions))
    return found


def require_same_checkpoints(files: Sequence[str], digests: Sequence[str], folder: Path, source: Path) -> None:
    """Raise `ValueError` naming the first file that is not as it was when the scores in `source` were made from it."""
    for file, digest in zip(files, digests, strict=True):
        path = folder / "checkpoints" / file
        if path.is_file() and sha256_of(path) != digest:
            raise ValueError(
                f"{path} is not the checkpoint that {source.name} was made from. Delete the checkpoint, and the run "
                f"makes it again; or delete {source.name}, if the checkpoint is right"
            )


def sha256_of(path: Path) -> str:
    """Return the hash of a file, as records have it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _versions_in(path: Path, owner: str) -> str:
    """Return the versions that a checkpoint was made with; empty for a file without records."""
    if path.suffix != ".safetensors":
        return ""
    try:
        metadata = read_seal(path)
    except ValueError as error:
        raise ValueError(f"{error}. Delete it, and the run makes it again") from error
    found = metadata.get(OWNER, owner)
    if found != owner:
        raise ValueError(
            f"{path} is a checkpoint of another run or unit ({found}, not {owner}). "
            "Delete it, and the run makes it again"
        )
    return json.dumps(metadata["versions"], sort_keys=True) if OWNER in metadata else ""


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder / "checkpoints").as_posix()


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
