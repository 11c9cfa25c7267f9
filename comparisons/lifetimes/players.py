"""Players of fixed-arm bandits: the names that tables, claims and figures give them."""

BAYES, COMMIT, PRINTED, NEVER, ORACLE, NETWORK, UNTRAINED, SHUFFLED = (
    "Bayes-optimal policy",
    "best explore-then-commit policy",
    "printed formula",
    "policy that never explores",
    "oracle",
    "network",
    "untrained network",
    "network with shuffled labels",
)

REFERENCES = {BAYES: "sequential_probe_pulls", COMMIT: "commit_trials", PRINTED: "printed_trials"}
"""Reference policies, each with the variable of the tree that holds its pulls of the unknown arm in probe tasks."""
