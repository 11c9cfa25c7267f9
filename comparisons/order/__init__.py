"""The order in which a learner acquires the modes of a task, on an axis from Bayes to strictly staged learning.

From answers to probes to overlaps with modes, to recovery curves, to the concurrency score. Names load when used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
