"""Gittins indices with certified error: what an arm is worth when it may be left at any time and rewards discounted.

On the scale of the rewards: the index is the fixed reward per trial that is worth as much as the arm (Gittins 1979).
"""

from bayesopt.planning.bernoulli_gittins import bernoulli_gittins_index as bernoulli_gittins_index
from bayesopt.planning.bernoulli_gittins import bernoulli_gittins_table as bernoulli_gittins_table
from bayesopt.planning.certified import CertifiedIndex as CertifiedIndex
from bayesopt.planning.exponential_gittins import exponential_gittins_index as exponential_gittins_index
from bayesopt.planning.normal_gittins import normal_gittins_index as normal_gittins_index
from bayesopt.planning.unknown_variance_gittins import (
    normal_unknown_variance_gittins_index as normal_unknown_variance_gittins_index,
)
