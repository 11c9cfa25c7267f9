"""Meta-learners: recurrent networks whose activations learn, and their meta-training. Torch only; names load lazily."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
