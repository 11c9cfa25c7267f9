"""Rabinowitz 2019: the order of learning."""
