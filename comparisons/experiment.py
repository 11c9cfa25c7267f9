"""Experiments: frozen values with every setting of a run, which can be printed, hashed and shrunk to a smoke run.

What a kind of experiment has to say of itself is here; `comparisons.stages` runs any kind.
"""

import abc
import dataclasses
import hashlib
import importlib
import json
import types
import typing
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from comparisons.identity import require_plain_name, type_of
from metalearners.checkpoint_files import is_trained
from metalearners.settings_fields import require_count, require_counts

RESULTS_VERSION = 2
"""Raised by every change that can move results, so that old results are never taken for new ones."""


class TrainingUnit(NamedTuple):
    """A part of an experiment's training that one process does in one go and that resumes by itself."""

    name: str
    """Its folder below `checkpoints/`, and what a person is told when it fails."""
    seed: int
    """The training seed that it belongs to."""
    index: int  # pyright: ignore[reportIncompatibleMethodOverride]
    """Which of the parts of this seed's training it is, from 0."""


@dataclass(frozen=True)
class _Labelled:
    """The field that all experiments share; a class of its own, as what they annotate below are no fields."""

    is_smoke: bool = field(default=False, kw_only=True, repr=False, metadata={"is_hashed": False})
    """Label of a tiny version, as `smoke` makes it: results go to a folder of their own, and claims are not judged."""


class AbstractExperiment(_Labelled, abc.ABC):
    """Train networks per seed, then compare them with an exact reference. Subclasses are frozen dataclasses."""

    training: Any
    training_seeds: tuple[int, ...]
    seed: int

    @property
    @abc.abstractmethod
    def id(self) -> str:
        """Name of the folder that holds its results: a plain file name."""

    @property
    @abc.abstractmethod
    def question(self) -> str:
        """The question that the experiment asks, in one sentence."""

    @abc.abstractmethod
    def smoke(self) -> "AbstractExperiment":
        """Return a tiny version, with `is_smoke`, which runs everything in seconds and proves nothing."""

    @abc.abstractmethod
    def require_feasible(self) -> None:
        """Raise an error, before anything is trained, if it could not be evaluated (memory, unknown references)."""

    def training_units(self) -> tuple[TrainingUnit, ...]:
        """Return the units of training in the order in which they start; by default one network per training seed."""
        return tuple(TrainingUnit(f"seed-{seed:02d}", seed, 0) for seed in self.training_seeds)

    def is_trained(self, directory: Path) -> bool:
        """Return whether `directory` holds what training one unit of this experiment leaves when it is finished."""
        return is_trained(directory, self.training)

    def settings(self) -> dict[str, Any]:
        """Return every setting by name, as JSON can hold it."""
        return {"results_version": RESULTS_VERSION, **_to_json(self)}

    def fingerprint(self) -> str:
        """Return a hash of the settings and of the results version; another setting gives another folder.

        Classes outside of these packages, as families of your own, count with their module and a hash of its source:
        another model of the same name is another experiment.

        A field that a settings class gains later would move every result to a new folder, and networks would be
        trained again. Declare it as `field(default=…, metadata={"is_later": True})`: while it has its default it is
        left out of what is hashed, so the folders that there are keep their names. A field that moves no result, as
        `is_smoke`, is never hashed: `metadata={"is_hashed": False}`.
        """
        hashed = {"results_version": RESULTS_VERSION, **_to_json(self, is_hashed=True)}
        return hashlib.sha256(json.dumps(hashed, sort_keys=True).encode()).hexdigest()[:12]


def require_names(experiment: AbstractExperiment) -> None:
    """Raise `ValueError` unless an experiment and its training units have distinct, plain names of folders."""
    require_plain_name(experiment.id, f"the name of the {type(experiment).__name__}")
    names = [unit.name for unit in experiment.training_units()]
    for name in names:
        require_plain_name(name, f"a training unit of {experiment.id}")
    if repeated := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(f"names of training units must be distinct; {repeated[0]!r} repeats in {experiment.id}")


def require_seeds(experiment: AbstractExperiment) -> None:
    """Raise `ValueError` unless training seeds are distinct, at least one, and all seeds lie in 0 … 2**31 - 1.

    Training seeds may come as any sequence of integers, such as `range(3)` or `np.arange(3)`; they become a tuple.
    Raises `TypeError` for a field that is no instance of the class that it is declared as.
    """
    require_counts(experiment, "training_seeds")
    require_count(experiment, "seed")
    _require_kinds(experiment)
    training_seeds, seed = experiment.training_seeds, experiment.seed
    if not training_seeds or len(set(training_seeds)) < len(training_seeds):
        raise ValueError(f"training_seeds must be distinct and at least one; got {training_seeds!r}")
    if any(number >= 2**31 for number in (*training_seeds, seed)):
        raise ValueError(
            f"seeds must be integers from 0 to {2**31 - 1}; got training_seeds {training_seeds!r}, seed {seed!r}"
        )


def _require_kinds(experiment: AbstractExperiment) -> None:
    """Raise `TypeError` unless family and settings are of the classes that the experiment declares."""
    from bayesopt.family import AbstractFamily  # JAX comes with it: processes that wait for units do without
    from comparisons.expected import require_family, require_instance

    hints = typing.get_type_hints(type(experiment))
    for name, hint in ((one.name, hints[one.name]) for one in dataclasses.fields(experiment)):
        kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        if not all(isinstance(kind, type) and kind.__module__ not in ("builtins", "typing") for kind in kinds):
            continue
        if any(issubclass(kind, AbstractFamily) for kind in kinds):
            require_family(getattr(experiment, name), kinds, type(experiment).__name__)
        else:
            require_instance(getattr(experiment, name), kinds, f"{type(experiment).__name__}.{name}")


def running_of(experiment: AbstractExperiment) -> ModuleType:
    """Return the module that runs an experiment: `running` beside the module of its class.

    It has `train(experiment, unit, directory)`, which trains one unit, and `evaluate(experiment, directories)`, which
    returns the tree of scores; `EVALUATION_VERSION` is raised by a change that moves these scores.
    """
    return importlib.import_module(f"{type(experiment).__module__.rpartition('.')[0]}.running")


def _to_json(value: Any, *, is_hashed: bool = False) -> Any:
    """Return settings as JSON can hold them; for the hash, without the fields that do not count."""
    if dataclasses.is_dataclass(value):
        fields = {
            field.name: _to_json(getattr(value, field.name), is_hashed=is_hashed)
            for field in dataclasses.fields(value)
            if not (is_hashed and _is_left_out(value, field))
        }
        return {**type_of(type(value)), **fields}
    if isinstance(value, tuple):
        return [_to_json(item, is_hashed=is_hashed) for item in value]
    return value


def _is_left_out(value: Any, field: "dataclasses.Field[Any]") -> bool:
    """Return whether a field does not count for the hash."""
    return not field.metadata.get("is_hashed", True) or bool(
        field.metadata.get("is_later") and _has_default(value, field)
    )


def _has_default(value: Any, field: "dataclasses.Field[Any]") -> bool:
    default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
    return bool(getattr(value, field.name) == default)
