"""Inference from a family's NumPyro model: an independent check of closed forms, and the reference without them."""
