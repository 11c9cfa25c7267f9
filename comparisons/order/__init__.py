"""The order in which a learner acquires the modes of a task, on an axis from Bayes to strictly staged learning."""
