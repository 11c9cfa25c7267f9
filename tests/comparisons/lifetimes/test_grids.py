"""Cells of a map on grids of scales, and the boundaries that are measured there."""

import pytest

from comparisons.lifetimes.grid import cells_of, grid_of, grids_of
from comparisons.lifetimes.players import BAYES, NETWORK
from comparisons.rows import Over
from tests.comparisons.lifetimes.maps import BOUNDARY, CELLS, TEN, made_up_tree, measures_of, names_of


def test_boundaries_lie_where_half_of_the_networks_learn(table):
    difference, log_ratio = (
        table.one(measure, NETWORK, **TEN, reference=BAYES) for measure in ("boundary_distance", "boundary_log_ratio")
    )
    assert (difference.interval.estimate, log_ratio.interval.estimate) == pytest.approx(BOUNDARY, abs=1e-9)
    assert difference.interval.lower < 0 < difference.interval.upper
    assert difference.over == log_ratio.over == Over("", 3)


def test_cells_without_a_spread_have_no_part_in_the_boundary():
    """A third column of prior scale 0, where nobody learns: the shares of cells change, the boundary does not."""
    table = measures_of(made_up_tree(cells=[*CELLS, (1.0, 0.0), (3.0, 0.0)]))
    distance = table.one("boundary_distance", NETWORK, **TEN, reference=BAYES)
    assert distance.interval.estimate == pytest.approx(BOUNDARY[0], abs=1e-9)
    assert table.one("learning_cells", BAYES, **TEN).interval.estimate == pytest.approx(2 / 6)
    assert table.one("regret_share", NETWORK, **TEN).interval.estimate == pytest.approx(0.8 / 3)


def test_there_is_a_boundary_on_grids_alone():
    table = measures_of(made_up_tree(cells=[*CELLS, (5.0, 1.0), (5.0, 7.0)]))
    assert not {"boundary_distance", "boundary_log_ratio"} & names_of(table)
    theory = made_up_tree(cells=[CELLS[index] for index in (3, 0, 2, 1)])["theory"].to_dataset()
    grid = grid_of(cells_of(theory))
    assert grid.lifetime == 10
    assert grid.reward_scales.tolist() == sorted({scale for scale, _ in CELLS})
    assert grid.prior_scales.tolist() == [1.0, 2.0]
    assert grid.cells.tolist() == [[1, 3], [2, 0]]


def test_a_cell_alone_in_its_row_is_not_of_the_grid():
    cells = cells_of(made_up_tree(cells=[(5.0, 7.0), *CELLS])["theory"].to_dataset())
    assert grid_of(cells).cells.tolist() == [[1, 2], [3, 4]]
    (found,) = grids_of(cells)
    assert found.cells.tolist() == [[1, 2], [3, 4]]
    assert found.prior_scales.tolist() == [1.0, 2.0]


def test_cells_of_several_lifetimes_are_a_grid_each():
    """The second lifetime's cells come after the first's in the tree."""
    cells = cells_of(made_up_tree(lifetimes=(10, 25))["theory"].to_dataset())
    assert [(grid.lifetime, grid.cells.tolist()) for grid in grids_of(cells)] == [
        (10, [[0, 1], [2, 3]]),
        (25, [[4, 5], [6, 7]]),
    ]
    assert grids_of(cells.iloc[:-1]) == []  # one of them is no grid
