"""Results keep their folders: the folder of every experiment is the one that it had when networks were trained.

A new experiment is added to `fingerprints.json`; a line there never changes. `python -m
tests.comparisons.test_fingerprints` prints the list of today.
"""

import dataclasses
import json
from pathlib import Path

import pytest

from bayesopt import families
from bayesopt.families import BetaBernoulli
from comparisons import reproductions
from comparisons.commands.names import VARIANTS, experiment_named
from comparisons.predictions.experiment import PredictionExperiment
from metalearners.configs import LSTMConfig
from tests.comparisons.digests import differences

STORED = Path(__file__).with_name("fingerprints.json")
LATER = {"is_later": True}


def folders():
    """The folder below `results` of every experiment and of its smoke run, by the experiment's name."""
    experiments = {name: experiment_named(name) for name in (*families.family_ids(), *VARIANTS)}
    for identifier in reproductions.reproduction_ids():
        paper = reproductions.load(identifier)
        for name, experiment in (paper.experiments() | paper.further_experiments()).items():
            experiments[f"{identifier}: {name}"] = experiment
    found = {name: _folder(experiment) for name, experiment in experiments.items()}
    return found | {f"{name} (smoke)": _folder(experiment.smoke()) for name, experiment in experiments.items()}


def _folder(experiment):
    return f"{experiment.id}/{experiment.fingerprint()}"


def later(config, mark=LATER, **defaults):
    """A config as if its class had gained fields since networks were trained with it."""
    fields = [
        (name, type(default), dataclasses.field(default=default, metadata=mark)) for name, default in defaults.items()
    ]
    cls = dataclasses.make_dataclass(type(config).__name__, fields, bases=(type(config),), frozen=True)
    cls.__module__ = type(config).__module__
    return cls(**{field.name: getattr(config, field.name) for field in dataclasses.fields(config)})


def test_no_experiment_loses_its_folder():
    assert differences(folders(), json.loads(STORED.read_text())) == []


@pytest.mark.parametrize("default", [0.5, "cosine", (1, 2), LSTMConfig()], ids=repr)
def test_a_later_field_is_not_hashed_while_it_has_its_default(default):
    before = PredictionExperiment(BetaBernoulli())
    after = dataclasses.replace(before, training=later(before.training, ramp=default))
    assert "ramp" in after.settings()["training"] and "ramp" not in before.settings()["training"]
    assert after.fingerprint() == before.fingerprint()


def test_a_later_field_with_another_value_is_hashed():
    before = PredictionExperiment(BetaBernoulli())
    training = later(before.training, ramp=0.5, warm=True)
    found = {
        dataclasses.replace(before, training=dataclasses.replace(training, **changes)).fingerprint()
        for changes in ({}, {"ramp": 0.25}, {"warm": False}, {"ramp": 0.25, "warm": False})
    }
    assert len(found) == 4 and before.fingerprint() in found


def test_a_field_without_the_mark_is_hashed_at_its_default_too():
    before = PredictionExperiment(BetaBernoulli())
    unmarked = dataclasses.replace(before, training=later(before.training, mark=None, ramp=0.5))
    assert unmarked.fingerprint() != before.fingerprint()


def test_later_fields_of_experiments_and_of_settings_in_tuples_count_too():
    @dataclasses.dataclass(frozen=True)
    class Inner:
        rate: float = 1.0
        ramp: float = dataclasses.field(default=0.5, metadata=LATER)

    class_before = dataclasses.make_dataclass(
        "Tried", [("inner", tuple, (Inner(),))], bases=(PredictionExperiment,), frozen=True
    )
    class_after = dataclasses.make_dataclass(
        "Tried", [("note", str, dataclasses.field(default="", metadata=LATER))], bases=(class_before,), frozen=True
    )
    before, after = class_before(BetaBernoulli()), class_after(BetaBernoulli())
    assert after.fingerprint() == before.fingerprint()
    assert dataclasses.replace(after, note="x").fingerprint() != before.fingerprint()
    assert dataclasses.replace(before, inner=(Inner(ramp=0.25),)).fingerprint() != before.fingerprint()


if __name__ == "__main__":
    print(json.dumps(folders(), indent=1, sort_keys=True, ensure_ascii=False))
