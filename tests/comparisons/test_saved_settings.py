"""Settings read back, and code of one's own: another model is another experiment, in another folder."""

import dataclasses
import importlib
import json
import sys

import pytest

from bayesopt import families
from bayesopt.families import BetaBernoulli
from comparisons import reproductions
from comparisons.commands.names import VARIANTS, experiment_named
from comparisons.identity import _FAMILIES, type_of
from comparisons.predictions.experiment import PredictionExperiment
from comparisons.records import EXPERIMENT_FILE, write_settings
from comparisons.saved_settings import changed_sources, read_experiment
from comparisons.training import folder_of
from metalearners.configs import GRUConfig
from tests.comparisons.test_fingerprints import STORED
from tests.comparisons.toy_kind.experiment import TOY

FAMILY = """
from dataclasses import dataclass

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist

from bayesopt.family import AbstractPredictionFamily
from comparisons import PredictionExperiment


@dataclass(frozen=True)
class Biased(AbstractPredictionFamily):
    concentration: float = 1.0

    def model(self, observations=None, *, length):
        p = numpyro.sample("p", dist.Beta(self.concentration, 1.0))
        with numpyro.plate("time", length):
            numpyro.sample("observations", dist.Bernoulli(p), obs=observations)


MINE = PredictionExperiment(Biased())
"""


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    """Writes a module, imports it afresh, and returns it."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(name, source=FAMILY):
        (tmp_path / f"{name}.py").write_text(source)
        sys.modules.pop(name, None)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    yield write
    for name in ("mine", "yours"):
        sys.modules.pop(name, None)


def settings_file(experiment, folder, **changes):
    write_settings(experiment, folder)
    path = folder / EXPERIMENT_FILE
    content = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({name: value for name, value in content.items() if value is not Ellipsis}))
    return path


@pytest.mark.parametrize("one_in", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_experiments_of_the_package_are_read_back(tmp_path, one_in):
    found = [experiment_named(name) for name in (*families.family_ids(), *VARIANTS)]
    for identifier in reproductions.reproduction_ids():
        paper = reproductions.load(identifier)
        found += [*paper.experiments().values(), *paper.further_experiments().values()]
    for experiment in [*found[::one_in], found[0].smoke(), TOY]:
        write_settings(experiment, tmp_path)
        read = read_experiment(tmp_path / EXPERIMENT_FILE)
        assert read == experiment and read.fingerprint() == experiment.fingerprint()


def test_edited_settings_are_another_experiment(tmp_path):
    path = settings_file(
        PredictionExperiment(BetaBernoulli()), tmp_path, training_seeds=[4], network={"type": "GRUConfig"}
    )
    read = read_experiment(path)
    assert read == PredictionExperiment(BetaBernoulli(), GRUConfig(), training_seeds=(4,))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sead": 1}, "sead is no field of PredictionExperiment (did you mean 'seed'?)"),
        ({"seed": "one"}, "seed must be an integer; got 'one'"),
        ({"seed": 1.5}, "seed must be an integer; got 1.5"),
        ({"seed": True}, "seed must be an integer; got True"),
        ({"training_seeds": 3}, "training_seeds must be a list; got 3"),
        ({"training_seeds": [0, "x"]}, "training_seeds[1] must be an integer; got 'x'"),
        ({"training_seeds": []}, "the experiment cannot be made: training_seeds must be distinct and at least one"),
        ({"training": {"type": "TrainingConfig", "num_steps": -1}}, "training cannot be made: "),
        (
            {"training": {"type": "TrainingConfig", "num_stepz": 1}},
            "training.num_stepz is no field of TrainingConfig (did",
        ),
        ({"training": []}, "training must be settings with the entry 'type'; got []"),
        (
            {"network": {"type": "LSTMConfg"}},
            "network must be settings of type LSTMConfig or settings of type GRUConfig",
        ),
        ({"network": None}, "network must be settings of type LSTMConfig or settings of type GRUConfig; got None"),
        (
            {"family": {"type": "BetaBernouli"}},
            "family has the unknown type 'BetaBernouli' (did you mean 'BetaBernoulli'?)",
        ),
        ({"family": {"type": "BernoulliBandit"}}, "family has the unknown type 'BernoulliBandit'"),
        ({"family": {"type": "no_such_module:Family"}}, "'no_such_module:Family', which cannot be imported: No module"),
        ({"family": {"type": "math:pi"}}, "family must be a AbstractPredictionFamily; got math:pi"),
        ({"family": ...}, "family is missing, and PredictionExperiment has no default for it"),
        ({"type": "Prediction"}, "the experiment has the unknown type 'Prediction'"),
        ({"results_version": 1}, "results_version must be 2, that of this package; got 1"),
    ],
)
def test_settings_that_are_no_experiment_are_refused_in_one_line(tmp_path, bayesgauge_here, changes, message):
    path = settings_file(PredictionExperiment(BetaBernoulli()), tmp_path, **changes)
    with pytest.raises(ValueError) as refused:
        read_experiment(path)
    assert str(refused.value).startswith(f"{path}: ") and message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_run_from_its_settings_is_the_same_run(bayesgauge_here, tmp_path):
    path = settings_file(TOY, tmp_path / "elsewhere")
    completed = bayesgauge_here("run", "--config", path)
    assert completed.returncode == 0 and completed.stderr == ""
    assert (folder_of(TOY, tmp_path / "results") / "report" / "index.html").exists()
    own = folder_of(TOY, tmp_path / "results")
    assert bayesgauge_here("run", "--config", own / EXPERIMENT_FILE).stdout.endswith(
        f"report: results/guess/{own.name}/report/index.html\n"
    )
    refused = bayesgauge_here("run", "--config", tmp_path / "nothing.json")
    assert refused.returncode == 1 and refused.stderr.startswith("bayesgauge: no settings of a run at ")


def test_another_model_of_the_same_name_is_another_experiment(own_module, tmp_path):
    first = own_module("mine").MINE
    again = own_module("mine").MINE
    assert again.fingerprint() == first.fingerprint()
    other = own_module("mine", FAMILY.replace("self.concentration, 1.0", "self.concentration, 2.0")).MINE
    same_elsewhere = own_module("yours").MINE
    assert len({one.fingerprint() for one in (other, same_elsewhere)} | {str(first.settings())}) == 3
    assert folder_of(other, tmp_path) != folder_of(same_elsewhere, tmp_path)
    assert first.settings()["family"]["type"] == "mine:Biased"


def test_settings_with_code_of_ones_own_are_read_back_and_its_changes_are_noted(own_module, tmp_path):
    path = settings_file(own_module("mine").MINE, tmp_path)
    assert read_experiment(path).family.concentration == 1.0 and changed_sources(path) == []
    own_module("mine", FAMILY + "# a change\n")
    assert changed_sources(path) == ["mine"]


def test_code_counts_where_it_is_of_nobody_else(own_module):
    assert type_of(BetaBernoulli) == {"type": "BetaBernoulli"}
    base = own_module("mine")
    heir = own_module("yours", "from mine import Biased\n\n\nclass Heir(Biased):\n    pass\n").Heir
    assert list(type_of(heir)) == ["type", "source of yours", "source of mine"]
    added = dataclasses.make_dataclass("Added", [], bases=(base.Biased,), frozen=True)
    added.__module__ = "bayesopt.families.added"
    assert type_of(added)["type"] == "bayesopt.families.added:Added"
    stored = {name for name in json.loads(STORED.read_text()) if name in families.family_ids()}
    assert stored == _FAMILIES
