"""Adding a family is adding one file: contract checks, `list` and `check` pick it up with no edit elsewhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOY = '''"""Positive readings, normal in their logarithm, of a normally distributed mean."""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist

from bayesopt.conjugate import NormalBelief, normal_posterior, normal_predictive, update_normal
from bayesopt.family import AbstractPredictionFamily
from bayesopt.hyperparameters import require_positive


@dataclass(frozen=True)
class NormalLogNormal(AbstractPredictionFamily):
    """Readings LogNormal(mean, 1/2) of a mean ~ Normal(0, scale)."""

    scale: float = 1.0

    is_exchangeable: ClassVar[bool] = True

    def __post_init__(self):
        require_positive(self, "scale")

    def model(self, observations=None, *, length):
        mean = numpyro.sample("mean", dist.Normal(0.0, self.scale))
        with numpyro.plate("time", length):
            numpyro.sample("observations", dist.LogNormal(mean, 0.5), obs=observations)

    def prior_belief(self):
        return NormalBelief(jnp.asarray(0.0), jnp.asarray(self.scale**-2, float))

    def update(self, belief, observation):
        return update_normal(belief, jnp.log(observation), observation_scale=0.5)

    def posterior(self, belief):
        return {"mean": normal_posterior(belief)}

    def posterior_predictive(self, belief):
        in_logs = normal_predictive(belief, observation_scale=0.5)
        return dist.LogNormal(in_logs.loc, in_logs.scale)
'''


def run(*arguments, cwd):
    environment = {**os.environ, "PYTHONPATH": str(cwd), "COLUMNS": "120"}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def copy_with(tmp_path, source):
    for package in ("bayesopt", "metalearners", "comparisons", "tests"):
        shutil.copytree(package, tmp_path / package)  # with compiled bytecode, which stays valid
    shutil.copy("pyproject.toml", tmp_path)
    Path(tmp_path, "bayesopt", "families", "normal_log_normal.py").write_text(source)
    return tmp_path


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return copy_with(tmp_path_factory.mktemp("tree"), TOY)


def test_one_new_file_is_all(tree):
    listed = run("comparisons", "list", cwd=tree)
    assert "normal_log_normal" in listed.stdout and "NormalLogNormal" in listed.stdout, listed.stderr
    checked = run("comparisons", "check", "normal_log_normal", cwd=tree)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count(": passed: ") >= 8


def test_one_new_file_is_tested_and_missed_by_the_stub(tree):
    collected = run("pytest", "--collect-only", "-q", "tests/bayesopt/contract/test_every_family.py", cwd=tree)
    assert "normal_log_normal" in collected.stdout, collected.stdout + collected.stderr
    stub = run("bayesopt.families.stub", "--check", cwd=tree)
    assert stub.returncode == 1 and "out of date" in stub.stderr


def test_a_wrong_closed_form_is_caught(tmp_path):
    tree = copy_with(
        tmp_path,
        TOY.replace("jnp.log(observation), observation_scale=0.5", "jnp.log(observation), observation_scale=0.6"),
    )
    checked = run("comparisons", "check", "normal_log_normal", cwd=tree)
    assert checked.returncode == 1
    assert "FAILED" in checked.stdout
    assert "Traceback" not in checked.stderr
