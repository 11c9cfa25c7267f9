"""Adding a family is adding one file: contract checks, `list` and `check` pick it up with no edit elsewhere."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

TOY = '''"""Counts of rare events with a Gamma-distributed rate."""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist

from bayesopt.conjugate import GammaBelief
from bayesopt.family import AbstractPredictionFamily, require_positive


@dataclass(frozen=True)
class GammaPoisson(AbstractPredictionFamily):
    """Counts Poisson(r) with r ~ Gamma(concentration, rate)."""

    concentration: float = 2.0
    rate: float = 1.0

    is_exchangeable: ClassVar[bool] = True

    def __post_init__(self):
        require_positive(self, "concentration")
        require_positive(self, "rate")

    def model(self, observations=None, *, length):
        event_rate = numpyro.sample("event_rate", dist.Gamma(self.concentration, self.rate))
        with numpyro.plate("time", length):
            numpyro.sample("observations", dist.Poisson(event_rate), obs=observations)

    def prior_belief(self):
        return GammaBelief(jnp.asarray(self.concentration, float), jnp.asarray(self.rate, float))

    def update(self, belief, observation):
        return GammaBelief(belief.concentration + observation, belief.rate + 1)

    def posterior(self, belief):
        return {"event_rate": dist.Gamma(belief.concentration, belief.rate)}

    def posterior_predictive(self, belief):
        return dist.GammaPoisson(belief.concentration, belief.rate)
'''


def run(*arguments, cwd):
    environment = {**os.environ, "PYTHONPATH": str(cwd), "COLUMNS": "120"}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def copy_with(tmp_path, source):
    for package in ("bayesopt", "metalearners", "comparisons", "tests"):
        shutil.copytree(package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy("pyproject.toml", tmp_path)
    Path(tmp_path, "bayesopt", "families", "gamma_poisson.py").write_text(source)
    return tmp_path


def test_one_new_file_is_all(tmp_path):
    tree = copy_with(tmp_path, TOY)
    listed = run("comparisons", "list", cwd=tree)
    assert "gamma_poisson" in listed.stdout and "GammaPoisson" in listed.stdout, listed.stderr
    checked = run("comparisons", "check", "gamma_poisson", cwd=tree)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count(": passed") >= 8
    collected = run("pytest", "--collect-only", "-q", "tests/bayesopt/test_families_contract.py", cwd=tree)
    assert "gamma_poisson" in collected.stdout, collected.stdout + collected.stderr
    stub = run("bayesopt.families.stub", "--check", cwd=tree)
    assert stub.returncode == 1 and "out of date" in stub.stderr


def test_a_wrong_closed_form_is_caught(tmp_path):
    tree = copy_with(tmp_path, TOY.replace("belief.rate + 1)", "belief.rate + 2)"))
    checked = run("comparisons", "check", "gamma_poisson", cwd=tree)
    assert checked.returncode == 1
    assert "FAILED" in checked.stdout
    assert "Traceback" not in checked.stderr
