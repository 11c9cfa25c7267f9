"""Reproductions: what they consist of, and the table and page they make of finished experiments."""

import dataclasses
import html

import numpy as np
import pandas as pd
import pytest

from comparisons import reproductions
from comparisons.decisions.experiment import DecisionExperiment
from comparisons.predictions.experiment import PredictionExperiment
from comparisons.report.page import verdicts_of, write_comparison_report
from comparisons.report.words import number, quantity
from comparisons.reproductions._running import (
    REPRODUCTION_FILE,
    ReproductionOptions,
    experiments_of,
    reproduction_tree,
    run_reproduction,
)
from comparisons.reproductions.mikulik_2020 import paper as mikulik_2020
from comparisons.reproductions.mikulik_2020.claims import claims_about
from comparisons.reproductions.mikulik_2020.kind import KIND
from comparisons.rows import Over, table_of
from comparisons.tree import open_tree
from tests.comparisons.decisions.trees import made_up_decision_tree
from tests.comparisons.predictions.trees import made_up_tree


@pytest.fixture(scope="module")
def tree():
    trees = {"a coin": made_up_tree(), "two arms": made_up_decision_tree()}
    return reproduction_tree("mikulik_2020", trees, reports={"a coin": "experiments/a"})


def test_the_fourteen_variants_of_the_reconstruction():
    experiments = mikulik_2020.experiments()
    kinds = [type(experiment) for experiment in experiments.values()]
    assert kinds.count(PredictionExperiment) == 8
    assert kinds.count(DecisionExperiment) == 6
    assert len({experiment.fingerprint() for experiment in experiments.values()}) == 14
    assert all(dataclasses.is_dataclass(experiment) for experiment in experiments.values())
    for experiment in experiments.values():
        smoke = experiment.smoke()
        assert smoke.training.num_steps < experiment.training.num_steps
        assert smoke.smoke() == smoke


def test_discovery_finds_reproductions_by_their_files():
    assert "mikulik_2020" in reproductions.reproduction_ids()
    with pytest.raises(KeyError, match="no reproduction 'mikulik_2019'; there are"):
        reproductions.load("mikulik_2019")


def test_every_experiment_has_its_rows_in_its_own_unit(tree):
    table = table_of(tree)
    (kl,), (lost,) = table.of("kl_divergence"), table.of("rewards_below_gittins")
    assert (kl.who, dict(kl.at), kl.unit) == ("network", {"experiment": "a coin"}, "nats/step")
    assert (lost.who, dict(lost.at), lost.unit) == ("network", {"experiment": "two arms"}, "rewards per 4 trials")
    scored = {
        "share_of_floor": "network",
        "untrained_share_of_floor": "untrained network",
        "floor_share_of_untrained": "untrained network",
        "last_share_of_first_checkpoint": "network",
    }
    # The first checkpoints of the two networks on the coin differ so much that their mean may be zero.
    without = {("last_share_of_first_checkpoint", "a coin"): Over("no interval: the denominator may be zero")}
    for measure, who in scored.items():
        found = [(row.who, dict(row.at), row.unit, row.over) for row in table.of(measure)]
        places = ({"experiment": "a coin"}, {"experiment": "two arms"})
        over = [without.get((measure, at["experiment"]), Over("tasks", 2)) for at in places]
        assert found == [(who, at, "fraction", one) for at, one in zip(places, over, strict=True)], measure
    assert len(table.entries) == 2 + 2 * len(scored)


def test_shares_are_ratios_of_means(tree):
    shares = {row.at["experiment"]: row.interval.estimate for row in table_of(tree).of("share_of_floor")}
    source = made_up_tree()
    length = int(source.attrs["length"])
    network = source["network"]["kl_divergence"].to_numpy()[:, :, :length].mean()
    floor = source["floors"]["kl_divergence"].sel(floor="memoryless").to_numpy()[:, :length].mean()
    assert shares["a coin"] == pytest.approx(network / floor)
    decisions = made_up_decision_tree()
    rewards = decisions["totals"]["expected_rewards"].astype(float)
    players = [str(name) for name in rewards["player"].to_numpy()]
    networks = [name for name in players if name.startswith("network ")]
    lost = float((rewards.sel(player="Gittins") - rewards.sel(player=networks).mean("player")).mean())
    uniform = float((rewards.sel(player="Gittins") - rewards.sel(player="uniform")).mean())
    assert shares["two arms"] == pytest.approx(lost / uniform)


def test_every_variant_has_its_verdicts_and_the_page_shows_them(tree, tmp_path):
    verdicts = verdicts_of(tree)
    assert len(verdicts) == 6
    assert all(np.isfinite(verdict.estimate) for verdict in verdicts)
    text = html.unescape(write_comparison_report(tree, tmp_path).read_text())
    assert mikulik_2020.QUESTION in text and "experiments/a" in text
    assert all(verdict.statement in text for verdict in verdicts)
    assert "reconstruction" in text
    written = pd.read_csv(tmp_path / "convergence.csv")
    assert list(written.columns) == ["variant", "training_seed", "step", "estimate", "lower", "upper", "unit"]
    np.testing.assert_allclose(written.estimate, tree["convergence"]["share_of_floor"], rtol=1e-12)


def test_the_answer_names_the_farthest_network_and_every_share(tree):
    shares = {row.at["experiment"]: row.interval for row in table_of(tree).of("share_of_floor")}
    farthest = max(shares, key=lambda name: shares[name].estimate)
    verdicts = verdicts_of(tree)
    answer = KIND.answer(tree, table_of(tree), verdicts)
    held = sum(verdict.outcome == "held" for verdict in verdicts)
    assert answer.sentence.startswith(f"{held} of 6 claims about 2 experiments hold.")
    assert f"is that of {farthest}: its distance is {number(100 * shares[farthest].estimate)} %" in answer.sentence
    for name, share in shares.items():
        assert f"{name}: {quantity(*(100 * value for value in share))} % of the floor's distance" in answer.details


def test_claims_are_those_that_are_listed_and_stand_where_their_rows_are(tree):
    assert [verdict.statement for verdict in verdicts_of(tree)] == [
        claim.statement for claim in claims_about(["a coin", "two arms"])
    ]
    assert len(mikulik_2020.statements()) == 3 * len(mikulik_2020.experiments())
    for claim, verdict in zip(claims_about(["a coin", "two arms"]), verdicts_of(tree), strict=True):
        row = table_of(tree).one(claim.measure, claim.who, **claim.at)
        assert np.array_equal((verdict.estimate, verdict.lower, verdict.upper), row.interval, equal_nan=True)
        assert verdict.most == claim.bound


def test_options_choose_experiments_and_the_number_of_networks():
    chosen = experiments_of("mikulik_2020", ReproductionOptions(seeds=3, only=("coin, Beta(2, 1)",)))
    assert list(chosen) == ["coin, Beta(2, 1)"]
    assert chosen["coin, Beta(2, 1)"].training_seeds == (0, 1, 2)
    with pytest.raises(KeyError, match=r"no experiment 'cash' in mikulik_2020; there are coin, Beta\(1, 1\), "):
        experiments_of("mikulik_2020", ReproductionOptions(only=("cash",)))
    with pytest.raises(ValueError, match="seeds must be at least 1, or 0 for .*; got -1"):
        ReproductionOptions(seeds=-1)


def test_one_experiment_from_training_to_the_page(tmp_path, monkeypatch):
    name = "coin, Beta(1, 1)"
    whole = mikulik_2020.experiments()[name].smoke()
    training = dataclasses.replace(whole.training, num_steps=8, batch_size=8, length=8)
    evaluation = dataclasses.replace(whole.evaluation, num_tasks=50, length=8, certificate_length=4)
    one = dataclasses.replace(whole, training=training, evaluation=evaluation, training_seeds=(0,))
    monkeypatch.setattr(mikulik_2020, "experiments", lambda: {name: one})
    monkeypatch.setattr("comparisons.report.page.rendered_figures", lambda figures, tree: [])  # half of its time
    page = run_reproduction("mikulik_2020", tmp_path, ReproductionOptions())
    tree = open_tree(page.parent.parent / REPRODUCTION_FILE)
    verdicts = verdicts_of(tree)
    assert [verdict.statement for verdict in verdicts] == [claim.statement for claim in claims_about([name])]
    assert {row.over for row in table_of(tree).of("share_of_floor")} == {Over("tasks")}
    text = html.unescape(page.read_text())
    assert all(verdict.statement in text for verdict in verdicts)
    (report,) = (tmp_path / "mikulik_2020" / "experiments").glob("*/*/report/index.html")
    assert str(report.relative_to(tmp_path / "mikulik_2020")) in text


@pytest.mark.slow
def test_the_whole_reproduction_tiny(tmp_path):
    page = run_reproduction("mikulik_2020", tmp_path, ReproductionOptions(smoke=True))
    assert page.exists()
    assert len(list((tmp_path / "mikulik_2020_smoke" / "experiments").glob("*/*/report/index.html"))) == 14
