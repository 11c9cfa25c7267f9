"""Who plays fixed-arm bandits, by the names that tables and figures give them."""

SEQUENTIAL, COMMIT, PRINTED, NEVER, NETWORK, UNTRAINED = (
    "sequential optimum",
    "commit optimum",
    "printed formula",
    "never learning",
    "network",
    "untrained network",
)


YARDSTICKS = {SEQUENTIAL: "sequential_probe_pulls", COMMIT: "commit_trials", PRINTED: "printed_trials"}
"""How often each yardstick pulls the uncertain arm under the probe."""
