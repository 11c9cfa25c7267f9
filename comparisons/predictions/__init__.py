"""Predictions of networks compared with the Bayes-optimal predictive, by KL divergence."""
