"""Claims about every experiment: near Bayes after training, far from it before, and closer the longer it is trained."""

from collections.abc import Iterator, Sequence

from comparisons.claims import AtMost, Claim

CLOSE, FAR = 0.1, 0.5
"""This package's own margins: a tenth of the floor's distance is close to Bayes, half of it is far."""


def claims_about(names: Sequence[str]) -> Iterator[Claim]:
    """Yield the claims about these experiments."""
    for name in names:
        at = {"experiment": name}
        yield AtMost(
            f"{name}: after meta-training, the network's distance from Bayes is at most a tenth of the floor's.",
            "share_of_floor",
            "network",
            CLOSE,
            at,
        )
        yield AtMost(
            f"{name}: before meta-training, the network is far from Bayes (the floor is at most twice as far).",
            "floor_share_of_untrained",
            "untrained network",
            1 / FAR,
            at,
        )
        yield AtMost(
            f"{name}: training brings the network closer, at least tenfold from the first checkpoint to the last.",
            "last_share_of_first_checkpoint",
            "network",
            CLOSE,
            at,
        )
