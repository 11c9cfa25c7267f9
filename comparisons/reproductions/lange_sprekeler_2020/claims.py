"""Claims of the reproduction of Lange & Sprekeler 2020.

The paper's numbers were read in it or off its figures. Statements about references follow from theory and are exact.
Every bound on trained networks is this package's own. Those on hidden states and on the single network beside others
were written with their measures, and it is not recorded whether a result was known.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np
import xarray as xr

from comparisons.claims import At, AtLeast, AtMost, Claim, Within, decidable, set_when
from comparisons.foraging import claims as foraging_claims
from comparisons.lifetimes.claims import BOUNDARY_RATIO
from comparisons.lifetimes.players import BAYES, NETWORK, PRINTED
from comparisons.reproductions.lange_sprekeler_2020.pairs import SPECIALISTS
from comparisons.reproductions.lange_sprekeler_2020.reference_claims import (
    NUM_CELLS,
    POINTS,
    count_claims,
    theory_claims,
)
from comparisons.rows import Table


def claims_of(tree: xr.DataTree, table: Table) -> tuple[Claim, ...]:
    """Return the claims about numbers in the table; counts are claimed only for the paper's whole grid."""
    is_whole_grid = "theory" in tree.children and tree["theory/theory"].sizes["cell"] == NUM_CELLS
    possible = (*count_claims(), *_single_claims()) if is_whole_grid else tuple(_single_claims())
    found = decidable(possible, table.known())
    if "foraging" not in tree.children:
        return found
    foraging = foraging_claims.claims_of(tree.children["foraging"], table.at(experiment="foraging"))
    return (*found, *map(_of_foraging, foraging))


def statements() -> list[str]:
    """Return the statements of all claims."""
    foraging = map(_of_foraging, foraging_claims.possible_claims(is_paper=True))
    return [claim.statement for claim in (*count_claims(), *_single_claims(), *foraging)]


def _of_foraging(claim: Claim) -> Claim:
    """Return a claim about a comparison of foragers as one about that experiment."""
    return dataclasses.replace(
        claim, statement=f"foraging: {claim.statement}", at={"experiment": "foraging", **claim.at}
    )


def _single_claims() -> Iterator[Claim]:
    yield from theory_claims()
    yield from set_when("before", [*_trained(), *_maps(), *_paper_settings(), *_single_network()])
    yield from _states()
    yield from _beside_specialists()


def _trained() -> Iterator[Claim]:
    for name, bound in (("edge", 0.97), ("learn", 0.97), ("no learn", 0.9)):
        yield AtLeast(
            f'At the "{name}" point, well-trained networks earn at least {100 * bound:g} % of the Bayes-optimal value.',
            "share_of_optimum",
            NETWORK,
            bound,
            _point("points", name),
        )
    yield AtLeast(
        'At the "no learn" point, well-trained networks pull the unknown arm at least 5 times per probe task (paper: '
        "about 0).",
        "probe_pulls",
        NETWORK,
        5.0,
        _point("points", "no learn"),
    )
    for name in ("edge", "learn", "no learn"):
        yield AtLeast(
            f'At the "{name}" point, at least 50 % of the networks that are trained quickly learn.',
            "learning_share",
            NETWORK,
            0.5,
            _point("points_many_seeds", name),
        )


def _maps() -> Iterator[Claim]:
    for lifetime in (25, 100):
        at = {"experiment": f"map_{lifetime}", "lifetime": lifetime}
        yield AtLeast(
            f"At lifetime {lifetime}, networks are in the regime of the Bayes-optimal policy, learn or hard-code, in "
            "at least 90 % of settings.",
            "regime_agreement",
            NETWORK,
            0.9,
            {**at, "reference": BAYES},
        )
        yield AtMost(
            f"At lifetime {lifetime}, the regret of networks over the map is at most 5 % of the oracle's rewards.",
            "regret_share",
            NETWORK,
            0.05,
            at,
        )


def _paper_settings() -> Iterator[Claim]:
    """Figures 1, 2 and 8: networks in the paper's settings."""
    begin = "In the paper's settings,"
    yield AtMost(
        f'{begin} at most 20 % of networks learn at the "no learn" point (paper: none).',
        "learning_share",
        NETWORK,
        0.2,
        _point("points_paper", "no learn"),
    )
    yield Within(
        f'{begin} 40 to 90 % of networks learn at the "edge" point (paper: 67 %).',
        "learning_share",
        NETWORK,
        0.4,
        0.9,
        _point("points_paper", "edge"),
    )
    yield Within(
        f'{begin} networks pull the unknown arm 15 to 40 times per probe task at the "learn" point (paper: 23 to 30; '
        "printed formula: 8).",
        "probe_pulls",
        NETWORK,
        15.0,
        40.0,
        _point("points_paper", "learn"),
    )
    at = {"experiment": "map_100_paper"}
    yield AtLeast(
        f"{begin} networks are in the regime of the printed formula in at least 80 % of settings (paper: 94 %).",
        "regime_agreement",
        NETWORK,
        0.8,
        {**at, "lifetime": 100, "reference": PRINTED},
    )
    yield AtLeast(
        f"{begin} the correlation of networks' exploration with the Bayes-optimal policy's exceeds that with the "
        "printed formula's by at least 0 (paper: 0.55 and 0.27).",
        "pulls_correlation_difference",
        NETWORK,
        0.0,
        at,
    )
    yield AtLeast(
        f"{begin} networks learn in at least 90 % of settings after a sixth of the training (paper: nearly all).",
        "early_learning_cells",
        NETWORK,
        0.9,
        at,
    )


def _states() -> Iterator[Claim]:
    """Figure 3: entropy and hidden states at the end of lifetimes whose better arm is plain."""
    learner, hard_coder = (
        {"experiment": "map_100_paper", "reward_scale": scale, "prior_scale": 2.9, "lifetime": 100}
        for scale in (6.4, 14.8)
    )
    decoding = "the better arm is decoded from the final hidden state with an accuracy of"
    entropy = "the entropy of the policy at the end of a lifetime is at most 0.1 nats"
    for begin, at in (
        ('Well-trained networks at the "learn" point:', _point("points", "learn")),
        ("Network in the paper's settings at reward scale 6.4:", learner),
    ):
        yield AtLeast(f"{begin} {decoding} at least 90 % (paper: two clusters).", "read_out", NETWORK, 0.9, at)
        yield AtMost(f"{begin} {entropy}.", "final_entropy", NETWORK, 0.1, at)
    begin = "Network in the paper's settings at reward scale 14.8:"
    yield AtMost(f"{begin} {entropy}.", "final_entropy", NETWORK, 0.1, hard_coder)
    yield AtMost(f"{begin} {decoding} at most 65 % (paper: one cluster).", "read_out", NETWORK, 0.65, hard_coder)


def _single_network() -> Iterator[Claim]:
    """One network that receives the setting as input."""
    limit, who = float(np.log(BOUNDARY_RATIO)), "the single network for all settings"
    for lifetime in (25, 50, 75, 100):
        at = {"experiment": "one_network", "lifetime": lifetime}
        yield Within(
            f"The learning threshold of {who} is within a factor of {BOUNDARY_RATIO:g} of the Bayes-optimal policy's "
            f"at lifetime {lifetime} (natural logarithm of their ratio within ±{limit:.3g}).",
            "boundary_log_ratio",
            NETWORK,
            -limit,
            limit,
            {**at, "reference": BAYES},
        )
        yield AtMost(
            f"The regret of {who} is at most 5 % of the oracle's rewards at lifetime {lifetime}.",
            "regret_share",
            NETWORK,
            0.05,
            at,
        )
    yield AtMost(
        f"The regret of {who} is at most 5 % of the oracle's rewards over all lifetimes.",
        "regret_share",
        NETWORK,
        0.05,
        {"experiment": "one_network"},
    )


def _beside_specialists() -> Iterator[Claim]:
    """The same network beside networks that are trained for each setting."""
    who = "the single network for all settings"
    for lifetime in (25, 100):
        at = {"experiment": "one_network", "lifetime": lifetime, "reference": SPECIALISTS}
        yield AtMost(
            f"The regret of {who} exceeds that of {SPECIALISTS} by at most 2 % of the oracle's rewards at lifetime "
            f"{lifetime}.",
            "regret_beside_specialists",
            NETWORK,
            0.02,
            at,
        )
        yield AtLeast(
            f"The exploration of {who} has a correlation of at least 0.9 with that of {SPECIALISTS} at lifetime "
            f"{lifetime}.",
            "pulls_correlation",
            NETWORK,
            0.9,
            at,
        )


def _point(experiment: str, name: str) -> At:
    """Return the coordinates of one of the paper's points in an experiment."""
    return {"experiment": experiment, **POINTS[name]}
