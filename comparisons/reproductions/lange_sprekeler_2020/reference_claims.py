"""Claims about references in the reproduction of Lange & Sprekeler 2020: exact, and from theory or the paper."""

from collections.abc import Iterator, Mapping

from comparisons.claims import AtMost, BoundSet, Claim, Within, set_when
from comparisons.lifetimes.players import BAYES, COMMIT, PRINTED
from comparisons.rows import Coordinate

POINTS: Mapping[str, Mapping[str, Coordinate]] = {
    "no learn": {"reward_scale": 19.5, "prior_scale": 3.0, "lifetime": 100},
    "edge": {"reward_scale": 9.53, "prior_scale": 3.75, "lifetime": 100},
    "learn": {"reward_scale": 9.53, "prior_scale": 8.0, "lifetime": 100},
}
"""Settings of the paper's figure 2."""

NUM_CELLS = 1600
"""Settings of the paper's grid: 400 at each of four lifetimes."""

PRINTED_COUNTS = {25: (260, 7), 50: (284, 13), 75: (295, 19), 100: (304, 24)}
"""Settings with exploration and the longest exploration, by lifetime: the printed formula in the paper's figure 1."""

CORRECT_COUNTS = {25: (292, 5), 50: (307, 9), 75: (314, 12), 100: (321, 15)}
"""The same numbers by the correct formula, from this package's specification."""


def count_claims() -> Iterator[Claim]:
    """Figure 1, left: counts over the paper's whole grid."""
    printed: tuple[str, BoundSet] = (", as in the paper's figure 1", "paper")
    correct: tuple[str, BoundSet] = ("", "theory")
    for who, counts, said, (source, origin) in (
        (PRINTED, PRINTED_COUNTS, "the printed formula", printed),
        (COMMIT, CORRECT_COUNTS, "the best explore-then-commit policy", correct),
    ):
        for lifetime, (count, longest) in counts.items():
            at = {"experiment": "theory", "lifetime": lifetime}
            yield Within(
                f"At lifetime {lifetime}, {said} explores in {count} of 400 settings{source}.",
                "learning_count",
                who,
                count,
                count,
                at,
                origin,
            )
            yield Within(
                f"At lifetime {lifetime}, the longest exploration by {said} is {longest} trials{source}.",
                "longest_exploration",
                who,
                longest,
                longest,
                at,
                origin,
            )


def theory_claims() -> list[Claim]:
    """Return the claims about what references earn."""
    return set_when("theory", _theory())


def _theory() -> Iterator[Claim]:
    for lifetime in PRINTED_COUNTS:
        yield AtMost(
            f"At lifetime {lifetime}, the best explore-then-commit policy exceeds the Bayes-optimal policy by at "
            "most 0 rewards in any setting.",
            "largest_excess",
            COMMIT,
            0.0,
            {"experiment": "theory", "lifetime": lifetime},
        )
    at = {"experiment": "points", **POINTS["no learn"]}
    yield AtMost(
        'At the "no learn" point, exploring has a value of at most 0 rewards by the printed formula.',
        "printed_exploring_value",
        PRINTED,
        0.0,
        at,
    )
    yield Within(
        'At the "no learn" point, the best explore-then-commit policy earns 5.4 to 5.6 rewards.',
        "value",
        COMMIT,
        5.4,
        5.6,
        at,
    )
    yield Within(
        'At the "no learn" point, the Bayes-optimal policy earns 23.8 to 23.95 rewards.',
        "value",
        BAYES,
        23.8,
        23.95,
        at,
    )
