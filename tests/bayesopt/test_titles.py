"""Families in words."""

from dataclasses import dataclass

import pytest

from bayesopt import families
from bayesopt.families import BernoulliBandit, BetaBernoulli, DirichletCategorical
from bayesopt.family import AbstractFamily
from bayesopt.titles import title_of


@dataclass(frozen=True)
class SkewedCoins(AbstractFamily):
    skew: float = 0.30000001
    sides: tuple[int, ...] = (1, 2)

    def model(self, *args, **kwargs):
        """Draw nothing."""


@pytest.mark.parametrize("name", families.family_ids())
def test_every_family_has_a_title_without_python(name):
    title = title_of(families.load(name)())
    assert families.class_name(name) not in title and "=" not in title and "{" not in title
    assert title.strip() == title and len(title) < 110


def test_titles_have_the_hyperparameters():
    assert title_of(BetaBernoulli(2, 0.5)) == "coin flips, bias ~ Beta(2, 0.5)"
    assert title_of(BernoulliBandit((1.0, 1.0), (2.0, 3.0))).endswith("probability ~ Beta(1, (2, 3))")
    assert title_of(DirichletCategorical((1.0, 1.0, 1.0))) == "die rolls, face probabilities ~ Dirichlet(1, 1, 1)"


def test_a_family_without_a_title_is_its_class_and_its_fields():
    assert title_of(SkewedCoins()) == "skewed coins, skew 0.3, sides (1, 2)"
