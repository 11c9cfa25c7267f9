"""What people hand in: failures of their code are one line, wrong kinds are refused by name, several are compared."""

import re
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import bayesopt
import comparisons
from bayesopt.families import BernoulliBandit, BetaBernoulli, LinearRegression, NormalNormal
from bayesopt.family import AbstractPredictionFamily
from bayesopt.planning.heuristics import greedy_agent, thompson_agent
from comparisons.commands import score
from comparisons.expected import require_family, require_instance
from comparisons.predictions.evaluation import OutputConventionWarning
from comparisons.rows import table_of
from comparisons.seams.heads import with_named_head
from comparisons.seams.networks import load_network
from comparisons.seams.players import checked_player
from comparisons.seams.regressions import as_regression_predictor, check_regression_predictor
from comparisons.user_code import UserCodeError, calling, reporting_user_code
from metalearners import TrainingConfig
from tests.campaigns._networks import With, exact_coin, exact_normal
from tests.comparisons.predictions.networks import CountingNetwork

COIN, READINGS, BANDIT = BetaBernoulli(), NormalNormal(), BernoulliBandit()
TINY = comparisons.EvaluationConfig(num_tasks=40, length=6, beyond=(), order_tasks=2, certificate_length=3)
FEW = comparisons.DecisionEvaluationConfig(num_tasks=400, length=6, certificate_length=3, detailed_tasks=400)


def one_line(error):
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    "error", [ValueError("first\nsecond"), SystemExit(3), RecursionError(), KeyError("x"), UserWarning("w")], ids=repr
)
def test_any_exception_of_a_network_is_one_line_with_file_and_line(error):
    def fail(inputs, outputs):
        raise error

    with pytest.raises(comparisons.NetworkContractError, match=type(error).__name__) as caught:
        comparisons.compare(With(nn.Linear(2, 1), fail), COIN, evaluation=TINY)
    assert re.search(r"\(tests/comparisons/test_handed_in\.py, line \d+\)$", one_line(caught))
    assert caught.value.__cause__ is error


def test_a_factory_and_a_family_that_fail_are_named(monkeypatch):
    with pytest.raises(
        UserCodeError, match=r"--network tests\.comparisons\.test_handed_in:broken fails: ZeroDivis.*line"
    ):
        load_network("tests.comparisons.test_handed_in:broken", None)

    @dataclass(frozen=True)
    class Broken(BetaBernoulli.__mro__[1]):
        is_exchangeable = True

        def model(self, observations=None, *, length):
            raise ZeroDivisionError("no such coin")

    with pytest.raises(UserCodeError, match=r"Broken\.model fails: ZeroDivisionError: no such coin \(.*line"):
        comparisons.compare(CountingNetwork(), Broken(), evaluation=TINY)


def broken():
    return 1 / 0


def test_interrupts_pass_and_errors_of_the_package_keep_their_kind():
    with pytest.raises(KeyboardInterrupt), calling("it fails"):
        raise KeyboardInterrupt
    with pytest.raises(ValueError, match="at least one network") as caught:
        comparisons.compare([], COIN)
    assert not isinstance(caught.value, UserCodeError)
    with pytest.raises(UserCodeError, match="broken fails: ZeroDivisionError"), reporting_user_code():
        broken()


WRONG_KINDS = """
compare(nn.Linear(2, 1), LinearRegression()) | regressions, for which there is meta_train
compare(nn.Linear(2, 1), BetaBernoulli) | got the class BetaBernoulli
compare(thompson_agent(BANDIT), COIN) | network must be a torch module, or a callable
compare("lstm", COIN) | got a str
compare(lambda y: y, BANDIT) | torch module or a bayesopt.agent.Agent; got function
compare(nn.Linear(2, 1), COIN, evaluation=DecisionEvaluationConfig()) | evaluation must be an EvaluationConfig
compare({"a": nn.Linear(2, 1), "b": nn.Linear(2, 1)}, ContextualBandit()) | not on contextual bandits
meta_train(ForagingGrid()) | tabular MDPs, for which there is ForagingExperiment
meta_train(COIN, network="lstm") | network must be a torch module; got str
certify(nn.Linear(2, 1), BANDIT, length=2) | certify needs a family of sequences
order_cost(nn.Linear(2, 1), BANDIT, np.zeros((2, 3)), position=1, seed=0) | order_cost needs a family of sequences
certify_decisions(thompson_agent(BANDIT), COIN, None, length=2) | certify_decisions needs a family of bandits
certify_decisions(nn.Linear(2, 1), BANDIT, None, length=2) | agent must be an Agent; got a Linear
agent_of(nn.Linear(2, 1)) | policy must be a RecurrentPolicy; got a Linear
predictor_of(nn.Linear(2, 1)) | network must be a SequencePredictor; got a Linear
histogram_head(BANDIT) | histogram_head needs a family of sequences
kl_divergence(0.5, 0.5) | p must be a NumPyro distribution; got a float
run_experiment(COIN, "x") | experiment must be an AbstractExperiment; got a BetaBernoulli
PredictionExperiment(BANDIT) | bandits, for which there is compare, certify_decisions
DecisionExperiment(BANDIT, training=TrainingConfig()) | training must be a ReinforcementConfig; got a TrainingConfig
ContextualOrderExperiment(BANDIT) | ContextualOrderExperiment needs a family of ContextualBandit; got BernoulliBandit
"""

SCRIPT = f"""
import numpy as np
from torch import nn
from bayesopt.families import BernoulliBandit, BetaBernoulli, ContextualBandit, ForagingGrid, LinearRegression
from bayesopt.planning.heuristics import thompson_agent
from comparisons import *
from metalearners import TrainingConfig

COIN, BANDIT = BetaBernoulli(), BernoulliBandit()
for line in {WRONG_KINDS.strip().splitlines()!r}:
    call, words = line.split(" | ")
    try:
        eval(call)
    except TypeError as error:
        if words not in str(error) or "\\n" in str(error):
            print(call, "->", error)
    else:
        print(call, "is accepted")
"""


@pytest.mark.slow
def test_every_public_function_refuses_a_wrong_kind_by_name():
    """In a process of its own, without the checks of types that tests add."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout == ""


def test_a_wrong_kind_of_family_is_refused_with_what_is_for_it():
    with pytest.raises(TypeError, match="certify needs a family of sequences; got BernoulliBandit, a family of band"):
        require_family(BANDIT, AbstractPredictionFamily, "certify")
    with pytest.raises(TypeError, match="got the class BetaBernoulli"):
        require_family(BetaBernoulli, AbstractPredictionFamily, "certify")
    with pytest.raises(TypeError, match="training must be a TrainingConfig; got a str. Say more"):
        require_instance("x", TrainingConfig, "training", "Say more")


def test_outputs_are_read_by_the_convention_that_is_named():
    readings = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    exact = bayesopt.predict_sequence(READINGS, readings)
    for head in ("normal_softplus_scale", "normal_scale", "normal_log_scale", "normal_variance", "normal_log_variance"):
        predict = comparisons.predictor_of(with_named_head(exact_normal(head), READINGS, head))
        assert comparisons.kl_divergence(exact, predict(readings)).max() < 1e-10
    flips = np.random.default_rng(0).integers(2, size=(5, 6))
    exact = bayesopt.predict_sequence(COIN, flips)
    for head in ("bernoulli_logit", "bernoulli_prob", "bernoulli_log_prob"):
        predict = comparisons.predictor_of(with_named_head(exact_coin(head), COIN, head))
        assert comparisons.kl_divergence(exact, predict(flips)).max() < 1e-10
    with pytest.raises(ValueError, match=r"head must be one of normal_softplus_scale, .*; got 'bernoulli_prob'"):
        comparisons.compare(exact_normal("normal_scale"), READINGS, evaluation=TINY, head="bernoulli_prob")
    with pytest.raises(comparisons.NetworkContractError, match="are not all normal_scale: .*some are out of range"):
        comparisons.compare(
            With(nn.Linear(2, 2), lambda x, y: -y.abs() - 1), READINGS, evaluation=TINY, head="normal_scale"
        )


def test_a_warning_names_the_convention_that_fits_far_better():
    """Mean and log standard deviation, read as a standard deviation before softplus, cost 0.2 nats per prediction."""
    with pytest.warns(OutputConventionWarning, match="read as normal_log_scale .* say head='normal_log_scale'"):
        result = comparisons.compare(exact_normal("normal_log_scale"), READINGS, evaluation=TINY)
    assert "note: outputs are read as normal_softplus_scale" in result.summary()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        comparisons.compare(exact_normal("normal_softplus_scale"), READINGS, evaluation=TINY)


@pytest.mark.slow
def test_the_command_line_takes_a_head_and_notes_what_fits_better(tmp_path, capsys):
    factory = "tests.comparisons.test_handed_in:log_scale"
    small = ["--evaluation.num-tasks", "40", "--evaluation.length", "6", "--evaluation.order-tasks", "2"]
    flags = ["normal_normal", "--network", factory, *small, "--output", str(tmp_path)]
    assert score.main([*flags, "--head", "normal_log_scale"]) == 0
    assert "outputs read as normal_log_scale" in capsys.readouterr().out
    with warnings.catch_warnings():
        warnings.simplefilter("error", OutputConventionWarning)
        assert score.main(flags) == 0
    assert "--head normal_log_scale" in capsys.readouterr().out


def log_scale():
    return exact_normal("normal_log_scale")


@pytest.fixture(scope="module")
def both():
    networks = {"exact": CountingNetwork(), "biased": [CountingNetwork(0.3), CountingNetwork(0.3)]}
    return comparisons.compare(networks, COIN, evaluation=TINY)


def test_several_networks_are_compared_on_the_same_tasks(both, tmp_path):
    table = table_of(both.tree)
    exact, biased = (table.one("kl_divergence", name).interval for name in ("exact", "biased"))
    alone = comparisons.compare(CountingNetwork(0.3), COIN, evaluation=TINY)
    assert biased.estimate == pytest.approx(table_of(alone.tree).one("kl_divergence", "network").interval.estimate)
    difference = table.one("difference", "exact", minus="biased")
    assert difference.interval.estimate == pytest.approx(exact.estimate - biased.estimate)
    assert difference.interval.upper < 0 and difference.unit == "nats/step"
    assert len([row for row in table.of("kl_divergence") if row.who == "prior predictive"]) == 1
    assert both.summary().startswith("Of 2 networks exact is nearest to Bayes-optimal")
    both.save(tmp_path / "both.nc")
    assert comparisons.open_comparison(tmp_path / "both.nc").table.equals(both.table)
    page = both.write_report(tmp_path / "report").read_text()
    assert "Differences between networks" in page and "exact: KL from Bayes at each prediction" in page
    drawn = both.plot("networks_by_time").axes[0].get_legend_handles_labels()[1]
    assert [label.split(" ")[0] for label in drawn] == ["exact", "biased"]


@pytest.mark.slow  # the test before it compares several predictors
def test_several_players_are_compared():
    agents = {"matching": thompson_agent(BANDIT), "greedy-play": greedy_agent(BANDIT)}
    table = table_of(comparisons.compare(agents, BANDIT, evaluation=FEW).tree)
    lost = [table.one("shortfall", name).interval.estimate for name in agents]
    assert table.one("difference", "matching", minus="greedy-play").interval.estimate == pytest.approx(
        lost[0] - lost[1]
    )


@pytest.mark.parametrize(
    ("networks", "words"),
    [
        ([nn.Linear(2, 1), nn.Sequential(nn.Linear(2, 1))], "number 1 differs from number 0"),
        ([nn.Linear(2, 1), nn.Linear(2, 1, bias=False)], "training seeds of one architecture"),
        ({"network": nn.Linear(2, 1), "b": nn.Linear(2, 1)}, "anything else in the report; got 'network'"),
        ({"a/b": nn.Linear(2, 1), "b": nn.Linear(2, 1)}, "got 'a/b'"),
        ({"a": nn.Linear(2, 1), "A": nn.Linear(2, 1)}, "upper and lower case"),
        ({"a": nn.Linear(2, 1)}, "at least two"),
        ({"a": [], "b": nn.Linear(2, 1)}, "at least one network"),
    ],
    ids=str,
)
def test_networks_that_are_no_seeds_and_names_that_are_none_are_refused(networks, words):
    with pytest.raises(ValueError, match="must") as caught:
        comparisons.compare(networks, COIN, evaluation=TINY)
    assert words in one_line(caught)


def test_agents_of_different_rules_are_no_training_seeds():
    with pytest.raises(ValueError, match="training seeds of one architecture"):
        comparisons.compare([thompson_agent(BANDIT), greedy_agent(BANDIT)], BANDIT, evaluation=FEW)


def test_policies_and_regression_predictors_pass_the_same_checks():
    centred = With(nn.Linear(5, 3), lambda x, y: y - y.mean(0, keepdim=True))
    with pytest.raises(comparisons.NetworkContractError, match="leaks between tasks"):
        checked_player(centred, BANDIT, length=4)

    class AlongTasks(nn.Module):
        def __init__(self):
            super().__init__()
            self.core, self.out = nn.GRU(5, 4), nn.Linear(4, 3)

        def forward(self, inputs, state=None):
            hidden, state = self.core(inputs, state)
            return self.out(hidden), state

    with pytest.raises(comparisons.NetworkContractError, match="leaks between tasks"):
        checked_player(AlongTasks(), BANDIT, length=4)
    family = LinearRegression()
    sizes = family.num_inputs + family.num_outputs, 2 * family.num_outputs
    right = as_regression_predictor(nn.Linear(*sizes), family)
    check_regression_predictor(right, family, length=5)
    late = With(nn.Linear(*sizes), lambda x, y: y + 1e-3 * x.mean(1, keepdim=True).mean(-1, keepdim=True))
    with pytest.raises(comparisons.NetworkContractError, match="not causal"):
        comparisons.meta_train(family, training=TrainingConfig(num_steps=1, length=5), network=late)


def test_modes_of_all_parts_come_back():
    network = nn.Sequential(nn.Linear(2, 4), nn.Dropout(0.5), nn.Linear(4, 1))
    network[1].eval()
    comparisons.certify(network, COIN, length=2)
    assert [part.training for part in network] == [True, False, True]
    assert torch.is_grad_enabled() and torch.get_default_dtype() == torch.float32


@pytest.mark.slow
def test_the_page_on_networks_runs(capsys, tmp_path, monkeypatch):
    page = Path("docs/how_to_hand_in_a_network.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(compile("\n".join(blocks), "how_to_hand_in_a_network.md", "exec"), {})
    printed = capsys.readouterr().out
    assert printed.count("The network loses") == 3 and "counts minus laplace: " in printed
