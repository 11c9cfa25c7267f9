"""Mikulik et al. 2020: the behaviour of 14 networks."""
