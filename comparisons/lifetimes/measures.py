"""All measures of maps of fixed-arm bandits, in the order of the report."""

from comparisons.lifetimes.cell_measures import SEEDS, VALUE
from comparisons.lifetimes.map_measures import EXPLORATION, REGIMES, REGRET, TRAINING
from comparisons.lifetimes.state_measures import ENDS
from comparisons.lifetimes.theory_measures import THEORY

SECTIONS = (REGRET, REGIMES, EXPLORATION, VALUE, SEEDS, ENDS, THEORY, TRAINING)
