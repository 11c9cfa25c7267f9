"""Layout of the tree of guesses."""

from comparisons.tree import Schema

SCHEMA = Schema(
    "toy guesses 1", {"errors": {"learner": ("training_seed", "task"), "Bayes": ("task",), "prior": ("task",)}}
)
