"""Bayes-optimal references: exact posteriors, predictives and marginal likelihoods of task families.

The name means Bayes-*optimal*; the package has nothing to do with Bayesian optimisation. Names load when first used.
"""

from typing import Any

import lazy_loader

_public_name, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version  # slow to load

        return version("bayesgauge")
    return _public_name(name)
