"""Bayes-optimal stopping of one unknown arm beside a known one, over a lifetime: values, policies and thresholds."""

from bayesopt.planning.stopping.problems import EDGE_TOLERANCE as EDGE_TOLERANCE
from bayesopt.planning.stopping.problems import StoppingSolution as StoppingSolution
from bayesopt.planning.stopping.problems import UnknownArmBelief as UnknownArmBelief
from bayesopt.planning.stopping.problems import sequential_edge as sequential_edge
from bayesopt.planning.stopping.problems import solve_stopping_problem as solve_stopping_problem
