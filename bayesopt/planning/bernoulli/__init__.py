"""Backward induction for Bernoulli bandits: the layout of the states, the sweep over them, and reading its result."""
