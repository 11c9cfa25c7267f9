"""Made-up trees of lifetimes, made once for all tests."""

import pytest

from tests.comparisons.lifetimes.drawn import EMPTY, NUM_SEEDS
from tests.comparisons.lifetimes.maps import made_up_tree, measures_of
from tests.comparisons.lifetimes.trees import POINTS, grid_settings, made_up_lifetime_tree


@pytest.fixture(scope="session")
def grid():
    return made_up_lifetime_tree(
        grid_settings(4, 12, 25),
        num_seeds=2,
        num_checkpoints=7,
        diverged=((0, EMPTY), (1, EMPTY), (0, 9)),
    )


@pytest.fixture(scope="session")
def points():
    return made_up_lifetime_tree(POINTS, num_seeds=NUM_SEEDS, num_checkpoints=3, shown_cells=(1, 2))


@pytest.fixture(scope="session")
def table():
    """The measures of the map of four cells."""
    return measures_of(made_up_tree())
