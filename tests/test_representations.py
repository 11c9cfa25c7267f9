"""What `repr` shows of large results: type, sizes and main numbers, in a few lines."""

import re

import pytest

from bayesopt.families import BernoulliBandit, CorrelatedBandit, ForagingGrid, GaussianBandit
from bayesopt.planning.stopping import solve_stopping_problem
from comparisons import Comparison
from tests.comparisons.made_up import made_up


@pytest.mark.parametrize("name", ["predictions", "decisions", "lifetimes-map", "mikulik_2020"])
def test_a_comparison_is_shown_in_ten_lines(name):
    shown = repr(Comparison(made_up(name)))
    assert shown.startswith("Comparison\n")
    assert len(shown.splitlines()) <= 10
    assert len(shown) < 3000


def test_a_comparison_without_measures_is_shown():
    tree = made_up("predictions-few").copy()
    del tree["measures"]
    assert repr(Comparison(tree)).startswith("Comparison without measures")


def test_plans_show_their_numbers():
    plan = BernoulliBandit().plan(horizon=5)
    solved = solve_stopping_problem(lifetime=4, prior_loc=0.0, prior_scale=1.0, reward_scale=1.0)
    shown = [plan, plan.solution, CorrelatedBandit().plan(horizon=4), GaussianBandit().plan(horizon=2), solved]
    for one in [*shown, ForagingGrid().lifetime_plan(lifetime=3)]:
        assert re.fullmatch(r"\w+\((\w+=[-+.\de]+, )*\w+=[-+.\de]+\)", repr(one)), repr(one)
        assert f"{one.value:.6g}" in repr(one)
