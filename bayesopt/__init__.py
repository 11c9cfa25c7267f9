"""Bayes-optimal references: exact posteriors, predictives and marginal likelihoods of task families.

The name means Bayes-*optimal*; the package has nothing to do with Bayesian optimisation. Names load when first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
