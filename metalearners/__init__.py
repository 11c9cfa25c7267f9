"""Recurrent networks that learn in their activations, and their meta-training. Needs torch only; names load lazily."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
