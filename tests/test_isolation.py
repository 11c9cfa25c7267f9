"""Isolation: results do not depend on the settings of the user's process, and leave them as they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bayesopt.families import BernoulliBandit, BetaBernoulli
from comparisons.comparison import open_comparison
from comparisons.decisions.experiment import DecisionExperiment
from comparisons.decisions.settings import DecisionEvaluationConfig
from comparisons.kinds import kind_of
from comparisons.predictions.experiment import PredictionExperiment
from comparisons.predictions.settings import EvaluationConfig
from comparisons.report.figure import rendered_figures
from comparisons.stages import run_experiment
from metalearners.checkpoints import load_tensors
from metalearners.configs import LSTMConfig, ReinforcementConfig, TrainingConfig
from tests.comparisons.conftest import full_savefig  # noqa: F401 (makes reports cheap)
from tests.comparisons.made_up import made_up
from tests.global_settings import SETTINGS, all_of, state

MAIN = PredictionExperiment(
    BetaBernoulli(),
    network=LSTMConfig(hidden_size=4),
    training=TrainingConfig(num_steps=3, batch_size=4, length=6),
    evaluation=EvaluationConfig(
        num_tasks=20, length=6, beyond=(2,), certificate_length=4, order_tasks=4, convergence_tasks=4
    ),
    training_seeds=(0,),
)
BANDIT = DecisionExperiment(
    BernoulliBandit(),
    network=LSTMConfig(hidden_size=4),
    training=ReinforcementConfig(num_steps=2, batch_size=4, horizon=4),
    evaluation=DecisionEvaluationConfig(
        num_tasks=20, length=4, certificate_length=3, detailed_tasks=4, convergence_tasks=4
    ),
    training_seeds=(0,),
)
EXPERIMENTS = {"predictions": MAIN, "decisions": BANDIT}
AT_ONCE = [name for name in SETTINGS if name not in ("torch: float16", "torch: meta in a context", "umask")]


def files_of(experiment, folder):
    """Run an experiment and return what it leaves: numbers, verdicts, pictures, all as bytes."""
    report = run_experiment(experiment, folder).parent
    kept = [path for path in report.iterdir() if path.suffix in (".csv", ".md", ".png")]
    found = {path.name: path.read_bytes() for path in kept}
    for path in report.parent.glob("checkpoints/*/step-*.safetensors"):
        tensors = load_tensors(path)[0]
        found[path.name] = b"".join(tensors[name].numpy().tobytes() for name in sorted(tensors))
    return found


@pytest.fixture(
    scope="module", params=["predictions", pytest.param("decisions", marks=pytest.mark.slow)], ids=lambda name: name
)
def usual(request, tmp_path_factory):
    experiment = EXPERIMENTS[request.param]
    return experiment, files_of(experiment, tmp_path_factory.mktemp("usual"))


def assert_the_same_under(names, usual, folder):
    experiment, expected = usual
    with all_of(names):
        before = state()
        found = files_of(experiment, folder)
        after = state()
    assert before == after
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []


def test_nothing_depends_on_settings_of_the_process(usual, tmp_path):
    assert_the_same_under(AT_ONCE, usual, tmp_path)


def test_figures_do_not_depend_on_a_users_style():
    tree = made_up("predictions-few")
    figures = kind_of(tree).figures[:2]
    expected = rendered_figures(figures, tree)
    with all_of(["matplotlib", "NumPy: errors", "pandas"]):
        assert rendered_figures(figures, tree) == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_nothing_depends_on_one_setting(name, usual, tmp_path):
    assert_the_same_under([name], usual, tmp_path)


ENVIRONMENTS = {
    "C locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "hash seed": {"PYTHONHASHSEED": "7"},
    "optimised": {"PYTHONOPTIMIZE": "2"},
    "threads": {"OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3"},
    "time zone": {"TZ": "Pacific/Kiritimati"},
    "no home": {"HOME": "/nonexistent", "XDG_CACHE_HOME": "", "MPLCONFIGDIR": ""},
    "warnings": {"PYTHONWARNINGS": "error"},
    "platforms": {"JAX_PLATFORMS": "cpu"},
    "debugging": {"JAX_DEBUG_NANS": "1", "JAX_NUMPY_DTYPE_PROMOTION": "strict", "JAX_ENABLE_X64": "1"},
}
"""Variables of the environment, which work from the start of a process."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_nothing_depends_on_the_environment(name, tmp_path):
    program = (
        "import sys, pathlib; from tests.test_isolation import MAIN, files_of; "
        "found = files_of(MAIN, pathlib.Path(sys.argv[1])); "
        "import hashlib; print(*sorted(n + hashlib.sha256(b).hexdigest() for n, b in found.items()))"
    )

    def printed(folder, **environment):
        paths = {"PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
        command = [sys.executable, "-c", program, str(folder)]
        environment = {name: value for name, value in (os.environ | paths | environment).items() if value != ""}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert printed(tmp_path / "changed", **ENVIRONMENTS[name]) == printed(tmp_path / "usual")


def test_results_are_read_where_the_working_directory_is_gone(usual, tmp_path, monkeypatch):
    """A result is opened by its path alone."""
    experiment, _ = usual
    report = run_experiment(experiment, tmp_path)
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert open_comparison(Path(report).parent.parent).summary()
