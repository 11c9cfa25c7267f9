"""Tables of Gittins indices of Bernoulli arms hold single indices, and refuse sizes out of range."""

import itertools

import numpy as np
import pytest

from bayesopt.planning.gittins.bernoulli import bernoulli_gittins_index, bernoulli_gittins_table


@pytest.mark.parametrize(
    ("max_total", "discount", "tolerance"), [(14, 0.9, 1e-7), (40, 0.97, 1e-10), (60, 0.99, 1e-5), (9, 0.0, 1e-9)]
)
def test_table_holds_single_indices(max_total, discount, tolerance):
    table = bernoulli_gittins_table(max_total, discount, tolerance=tolerance)
    assert table.index.shape == table.error_bound.shape == (max_total - 1, max_total - 1)
    for a, b in itertools.product(range(1, max_total), repeat=2):
        if a + b > max_total:
            assert np.isnan(table.index[a - 1, b - 1]) and np.isnan(table.error_bound[a - 1, b - 1])
            continue
        single = bernoulli_gittins_index(a, b, discount, tolerance=1e-11)
        assert table.error_bound[a - 1, b - 1] <= tolerance
        assert abs(table.index[a - 1, b - 1] - single.index) <= table.error_bound[a - 1, b - 1] + single.error_bound


@pytest.mark.slow
def test_large_table_holds_single_indices():
    table = bernoulli_gittins_table(200, 0.99)
    for a in range(1, 200):
        for b in range(1, 201 - a):
            single = bernoulli_gittins_index(a, b, 0.99, tolerance=1e-10)
            assert table.error_bound[a - 1, b - 1] <= 1e-7
            assert abs(table.index[a - 1, b - 1] - single.index) <= table.error_bound[a - 1, b - 1] + single.error_bound


def test_a_smaller_table_is_a_part_of_a_larger_one():
    """Its last diagonal is not cut off: at discount .99 an arm's future reaches hundreds of trials beyond it."""
    large, small = bernoulli_gittins_table(60, 0.99), bernoulli_gittins_table(25, 0.99)
    part = tuple(x[:24, :24] for x in large)
    inside = np.isfinite(small.index)
    assert (abs(part[0] - small.index) <= part[1] + small.error_bound)[inside].all()
    assert np.isfinite(part[0]).all()


def test_smallest_table():
    table = bernoulli_gittins_table(2, 0.9)
    assert table.index.shape == (1, 1)
    assert table.index[0, 0] == pytest.approx(0.70288919, abs=1e-7)


@pytest.mark.parametrize("max_total", [1, 0, -3, 100_000])
def test_max_total_out_of_range(max_total):
    with pytest.raises(ValueError, match=f"max_total must be an integer from 2 to 4000; got {max_total}"):
        bernoulli_gittins_table(max_total, 0.9)


def test_wrong_arguments_of_a_table_are_named():
    with pytest.raises(ValueError, match="discount must be in"):
        bernoulli_gittins_table(5, 1.5)
    with pytest.raises(ValueError, match="tolerance must be positive"):
        bernoulli_gittins_table(5, 0.5, tolerance=-1.0)
