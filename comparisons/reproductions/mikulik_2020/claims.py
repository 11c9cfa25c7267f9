"""Claims about every experiment: near Bayes after training, far from it before, and closer the longer it is trained."""

from collections.abc import Iterator, Sequence

from comparisons.claims import AtMost, Claim, set_when

CLOSE, FAR = 0.1, 0.5
"""This package's own margins: a tenth of the floor's distance is close to Bayes, half of it is far."""


def claims_about(names: Sequence[str]) -> list[Claim]:
    """Return the claims about these experiments."""
    return set_when("before", _claims_about(names))


def _claims_about(names: Sequence[str]) -> Iterator[Claim]:
    for name in names:
        at = {"experiment": name}
        yield AtMost(
            f"{name}: after meta-training, the network's distance from Bayes is at most 10 % of the floor's.",
            "share_of_floor",
            "network",
            CLOSE,
            at,
        )
        yield AtMost(
            f"{name}: before meta-training, the floor's distance from Bayes is at most 200 % of the network's.",
            "floor_share_of_untrained",
            "untrained network",
            1 / FAR,
            at,
        )
        yield AtMost(
            f"{name}: the network's distance from Bayes at the last checkpoint is at most 10 % of that at the first.",
            "last_share_of_first_checkpoint",
            "network",
            CLOSE,
            at,
        )
