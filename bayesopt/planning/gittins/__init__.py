"""Gittins indices with certified error bounds.

An index is on the scale of the rewards: it is the known reward per trial that is worth as much as the arm under
infinite-horizon discounting, if the arm may be left at any time (Gittins 1979).
"""

from bayesopt.planning.certified import CertifiedIndex as CertifiedIndex
from bayesopt.planning.gittins.bernoulli import bernoulli_gittins_index as bernoulli_gittins_index
from bayesopt.planning.gittins.bernoulli import bernoulli_gittins_table as bernoulli_gittins_table
from bayesopt.planning.gittins.exponential import exponential_gittins_index as exponential_gittins_index
from bayesopt.planning.gittins.normal import normal_gittins_index as normal_gittins_index
from bayesopt.planning.gittins.unknown_variance import (
    normal_unknown_variance_gittins_index as normal_unknown_variance_gittins_index,
)
