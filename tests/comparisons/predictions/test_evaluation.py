"""compare(): any network in, a labelled result out, whose numbers are what they say."""

import numpy as np
import numpyro.distributions as dist
import pytest
import torch

import bayesopt
from bayesopt.families import BetaBernoulli, GammaExponential, NormalNormal
from comparisons import (
    EvaluationConfig,
    NetworkContractError,
    certify,
    compare,
    histogram_head,
    meta_train,
    open_comparison,
    predictor_of,
)
from comparisons.rows import Over, table_of
from comparisons.seams.networks import untrained_copy
from comparisons.seams.predictions import as_sequence_predictor
from comparisons.tree import save_tree
from metalearners import (
    GRUConfig,
    LSTMMetaLearner,
    NormalHead,
    NormalMixtureHead,
    PositiveEncoding,
    RealEncoding,
    SequencePredictor,
    TrainingConfig,
)
from tests.comparisons.predictions.networks import CountingNetwork, LooksAhead, TransformerStyle

COIN = BetaBernoulli()
SMALL = EvaluationConfig(
    num_tasks=300, length=8, beyond=(2,), certificate_length=8, order_tasks=6, convergence_tasks=20
)
BRIEF = TrainingConfig(num_steps=150, batch_size=64, length=8)


@pytest.fixture(scope="module")
def counted():
    return compare(CountingNetwork(0.2), COIN, evaluation=SMALL)


def value(comparison, measure, who="network", **at):
    return table_of(comparison.tree).one(measure, who, **at).interval


def test_estimates_agree_with_each_other(counted):
    """KL, excess log loss and certificate are three estimates of one number: within 4 standard errors."""
    assert abs(value(counted, "kl_minus_excess_log_loss").estimate) <= 4
    assert abs(value(counted, "sampled_minus_certified").estimate) <= 4
    exact = certify(predictor_of(as_sequence_predictor(CountingNetwork(0.2), COIN)), COIN, length=8)
    assert value(counted, "certified_kl", length=8).estimate == pytest.approx(exact.mean_kl, rel=1e-12)


def test_a_constant_logit_error_costs_what_it_must(counted):
    """At t = 0 the exact predictive is a fair coin: KL to a logit of 0.2 is log cosh(0.1), to float32 rounding."""
    kl = counted.tree["network"]["kl_divergence"]
    assert kl.dims == ("training_seed", "task", "time")
    np.testing.assert_allclose(kl.sel(time=0), np.log(np.cosh(0.1)), rtol=1e-5)


def test_exact_bayes_scores_zero():
    comparison = compare(lambda x: bayesopt.predict_sequence(COIN, x), COIN, evaluation=SMALL)
    assert value(comparison, "kl_divergence").estimate == 0
    assert value(comparison, "order_cost", observations=7).estimate == pytest.approx(0, abs=1e-12)
    assert "no untrained floor" in comparison.summary()


def test_every_number_has_unit_interval_and_what_it_is_over(counted):
    table = counted.table
    assert (table.unit.str.len() > 0).all()
    assert (table.over.str.len() > 0).all()
    assert ((table.lower <= table.estimate) & (table.estimate <= table.upper)).all()


def test_floors_stand_beside_the_score(counted):
    predictors = set(counted.table.query("measure == 'kl_divergence'").who)
    assert {"network", "prior predictive", "memoryless", "wrong-prior Bayes"} <= predictors
    summary = counted.summary()
    for word in ("KL(Bayes‖network)", "nats/step", "95 %", "memoryless", "prior", "certificate"):
        assert word in summary


def test_the_same_seed_gives_the_same_numbers(counted):
    again = compare(CountingNetwork(0.2), COIN, evaluation=SMALL)
    other = compare(CountingNetwork(0.2), COIN, seed=1, evaluation=SMALL)
    assert counted.table.equals(again.table)
    assert not counted.table.equals(other.table)


def test_saved_and_opened_it_is_the_same(counted, tmp_path):
    counted.save(tmp_path / "result.nc")
    assert open_comparison(tmp_path / "result.nc").table.equals(counted.table)
    (tmp_path / "cut.nc").write_bytes((tmp_path / "result.nc").read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"cut\.nc is truncated or not a netCDF file"):
        open_comparison(tmp_path / "cut.nc")
    foreign = counted.tree.copy()
    foreign.attrs = {"schema": "something else"}
    save_tree(foreign, tmp_path / "foreign.nc")
    with pytest.raises(ValueError, match="is not a comparison: its schema is 'something else'"):
        open_comparison(tmp_path / "foreign.nc")
    with pytest.raises(FileNotFoundError, match="no results at"):
        open_comparison(tmp_path / "absent.nc")


def test_several_networks_count_as_training_seeds():
    comparison = compare([CountingNetwork(0.1), CountingNetwork(-0.3)], COIN, evaluation=SMALL)
    assert comparison.tree["network"].sizes["training_seed"] == 2
    assert table_of(comparison.tree).one("kl_divergence", "network").over == Over("tasks", 2)
    assert set(comparison.table.query("measure == 'kl_divergence'").over) == {"tasks", "tasks and 2 training seeds"}
    seeds = [value(comparison, "kl_divergence", training_seed=seed).estimate for seed in (0, 1)]
    assert value(comparison, "kl_divergence").estimate == pytest.approx(np.mean(seeds))


def test_a_transformer_without_a_state_is_scored_as_far_as_it_runs():
    comparison = compare(TransformerStyle(2, 1, max_length=8), COIN, evaluation=SMALL)
    assert value(comparison, "kl_divergence").estimate > 0
    assert comparison.tree["network"].sizes["time"] == 8
    assert "not measured beyond 8 observations" in comparison.summary()


def test_a_cheat_is_caught():
    with pytest.raises(NetworkContractError, match="not causal"):
        compare(LooksAhead(), COIN, evaluation=SMALL)


def test_callables_of_the_wrong_kind_are_refused():
    with pytest.raises(TypeError, match="must return a NumPyro distribution; got ndarray"):
        compare(lambda x: np.zeros(x.shape), COIN, evaluation=SMALL)
    with pytest.raises(ValueError, match=r"batch shape \(task, time\) = \(13, 8\); got \(\)"):
        compare(lambda x: dist.Bernoulli(0.5), COIN, evaluation=SMALL)
    with pytest.raises(ValueError, match="at least one network"):
        compare([], COIN, evaluation=SMALL)


def test_a_gaussian_head_on_heavy_tails_is_infinitely_far():
    """The Gamma(1, 1) prior's first predictives have no second moment."""
    network = SequencePredictor(LSTMMetaLearner(2, 2, hidden_size=4), PositiveEncoding(), NormalHead())
    comparison = compare(network, GammaExponential(), evaluation=SMALL)
    assert value(comparison, "kl_divergence").estimate == np.inf
    assert "inf" in comparison.summary()


@pytest.mark.parametrize("kind", ["mixture", "histogram"])
def test_flexible_heads_learn_a_gaussian_predictive(kind):
    """Brief training must at least beat the prior predictive (0.27 nats at length 20, 0.18 at 8)."""
    family = NormalNormal()
    head = NormalMixtureHead(3) if kind == "mixture" else histogram_head(family, num_bins=24)
    torch.manual_seed(0)
    network = SequencePredictor(LSTMMetaLearner(2, head.num_outputs, hidden_size=16), RealEncoding(), head)
    trained = meta_train(family, network=network, training=BRIEF)
    evaluation = EvaluationConfig(num_tasks=200, length=8, beyond=(), order_tasks=4)
    comparison = compare(trained, family, evaluation=evaluation)
    assert value(comparison, "kl_divergence").upper < value(comparison, "kl_divergence", "prior predictive").lower / 3


def test_meta_training_is_reproducible_and_learns():
    first, again = (meta_train(COIN, seed=3, training=BRIEF) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), again.parameters(), strict=True))
    comparison = compare(first, COIN, evaluation=SMALL)
    assert value(comparison, "kl_divergence").upper < value(comparison, "kl_divergence", "prior predictive").lower / 2
    assert (
        value(comparison, "kl_divergence", "untrained network").lower
        > value(comparison, "kl_divergence", "memoryless").upper
    )


def test_a_gru_is_trained_by_the_same_protocol():
    comparison = compare(meta_train(COIN, training=BRIEF, network=GRUConfig(hidden_size=16)), COIN, evaluation=SMALL)
    assert "GRUMetaLearner" in comparison.tree.attrs["network"]
    assert value(comparison, "kl_divergence").upper < value(comparison, "kl_divergence", "prior predictive").lower / 2


def test_the_untrained_copy_is_drawn_as_a_fresh_network_is():
    """Every parameter differs from the trained one, and the gate biases keep their structure."""
    trained = as_sequence_predictor(LSTMMetaLearner(2, 1, hidden_size=8), COIN)
    blank = untrained_copy(trained, seed=1)
    assert blank is not None
    again = untrained_copy(trained, seed=1)
    for a, b, c in zip(trained.parameters(), blank.parameters(), again.parameters(), strict=True):
        assert torch.equal(b, c)
        assert not torch.equal(a, b) or not a.any()
    assert (blank.network.core.bias_ih_l0[8:16] >= 0).all()
    assert not blank.network.core.bias_hh_l0.any()
