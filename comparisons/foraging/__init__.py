"""When to search: networks that forage in a grid world, compared with the Bayes-optimal policy."""
