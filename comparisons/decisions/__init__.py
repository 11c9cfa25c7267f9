"""Decisions of agents and policies compared with the Bayes-optimal policy, by action gaps."""
