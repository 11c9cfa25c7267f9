"""How far a learner is from Bayes-optimal: comparisons of networks with exact references. Names load when used."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
