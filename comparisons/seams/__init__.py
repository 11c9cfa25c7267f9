"""Adapters between JAX and PyTorch: the only folder of this package that imports torch."""
