"""Measures of networks over all settings of a lifetime: regret, regimes, exploration and learning thresholds."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from comparisons.kind import Measure, Section
from comparisons.lifetimes.grid import cells_of, grid_of
from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK, NEVER, PRINTED, REFERENCES, UNTRAINED
from comparisons.lifetimes.regime_boundaries import BoundaryDistance, boundary, boundary_distance
from comparisons.lifetimes.regimes import THRESHOLD
from comparisons.lifetimes.scores import MapScores, Scores, mean_over_seeds, share_of_settings
from comparisons.rows import Over, Resampler, Row, exactly


def _regret_share(scores: Scores, over: Resampler) -> Iterator[Row]:
    for one, ceiling in _with_rewards(scores):
        at, error = {"lifetime": one.lifetime}, one.error / ceiling
        yield mean_over_seeds(NETWORK, one.share(one.shortfall), error, at=at)
        yield mean_over_seeds(UNTRAINED, one.share(one.untrained_shortfall), error, at=at)
        for who, lost in _losses(one).items():
            yield exactly(who, float(lost.sum()) / ceiling, **at)


def _regret_to_reference(scores: Scores, over: Resampler) -> Iterator[Row]:
    for one, ceiling in _with_rewards(scores):
        for who, lost in _losses(one).items():
            at = {"lifetime": one.lifetime, "reference": who}
            yield mean_over_seeds(NETWORK, one.share(one.shortfall - lost), one.error / ceiling, at=at)


def _diverged_networks(scores: Scores, over: Resampler) -> Iterator[Row]:
    for one in scores.maps:
        yield exactly(NETWORK, float(np.isnan(one.shortfall).sum()), lifetime=one.lifetime)


def _learning_cells(scores: Scores, over: Resampler) -> Iterator[Row]:
    for one in _of_several_cells(scores):
        at = {"lifetime": one.lifetime}
        yield share_of_settings(NETWORK, one.learns, at=at)
        for who in REFERENCES:
            yield exactly(who, float(one.is_learned_by(who).mean()), **at)


def _regime_agreement(scores: Scores, over: Resampler) -> Iterator[Row]:
    for one in _of_several_cells(scores):
        for who in REFERENCES:
            agreement = np.where(np.isnan(one.learns), np.nan, one.learns == one.is_learned_by(who))
            at = {"lifetime": one.lifetime, "reference": who}
            yield share_of_settings(NETWORK, agreement, at=at)


def _pulls_correlation(scores: Scores, over: Resampler) -> Iterator[Row]:
    for one in _of_several_cells(scores):
        for who, column in REFERENCES.items():
            theirs = one.theory[column].to_numpy().astype(float)
            correlations = np.array([_correlation(row, theirs) for row in one.pulls])
            at = {"lifetime": one.lifetime, "reference": who}
            yield mean_over_seeds(NETWORK, correlations, np.nan, at=at, least=-1, most=1)


def _boundary_distance(scores: Scores, over: Resampler) -> Iterator[Row]:
    for one in _of_several_cells(scores):
        for who, found in _distances(one).items():
            at = {"lifetime": one.lifetime, "reference": who}
            yield Row(NETWORK, found.difference, Over("", len(one.pulls)), at)


def _boundary_log_ratio(scores: Scores, over: Resampler) -> Iterator[Row]:
    for one in _of_several_cells(scores):
        for who, found in _distances(one).items():
            at = {"lifetime": one.lifetime, "reference": who}
            yield Row(NETWORK, found.log_ratio, Over("", len(one.pulls)), at)


def _with_rewards(scores: Scores) -> Iterator[tuple[MapScores, float]]:
    """Yield the lifetimes in which rewards can be earned, with the oracle's rewards over all settings."""
    for one in scores.maps:
        if (ceiling := float(one.ceilings.sum())) > 0:
            yield one, ceiling


def _of_several_cells(scores: Scores) -> list[MapScores]:
    return [one for one in scores.maps if one.theory.sizes["cell"] > 1]


def _losses(one: MapScores) -> dict[str, Float[np.ndarray, "cell"]]:
    """Return the rewards that each exact policy loses to the Bayes-optimal policy in every setting."""
    best = one.theory["sequential_value"].to_numpy()
    return {
        COMMIT: best - one.theory["commit_value"].to_numpy(),
        PRINTED: best - one.theory["printed_policy_value"].to_numpy(),
        NEVER: best,
    }


def _distances(one: MapScores) -> dict[str, BoundaryDistance]:
    """Return how far the networks' learning threshold is beyond each reference's, if settings form a grid.

    A network that diverged counts as learning with the share of its setting's others, or 1/2 if there are none.
    """
    varied = one.theory["prior_scale"].to_numpy() > 0
    grid = grid_of(cells_of(one.theory.isel(cell=varied)))
    learns = one.learns[:, varied]
    if grid is None or len(learns) < 2:
        return {}
    shares = _means(learns.T)
    learns = np.where(np.isnan(learns), np.where(np.isnan(shares), 0.5, shares), learns)
    found = {}
    for who in REFERENCES:
        exact = boundary(grid.prior_scales, one.is_learned_by(who)[varied][grid.cells].astype(float))
        found[who] = boundary_distance(grid.prior_scales, learns[:, grid.cells], exact)
    return found


def _means(values: Float[np.ndarray, "row column"]) -> Float[np.ndarray, "row"]:
    """Return the mean of every row without its NaNs; NaN if there is nothing else."""
    counts = np.isfinite(values).sum(axis=1)
    return np.where(counts > 0, np.nansum(values, axis=1) / np.maximum(counts, 1), np.nan)


def _correlation(first: Float[np.ndarray, "cell"], second: Float[np.ndarray, "cell"]) -> float:
    """Return Pearson's correlation; NaN for fewer than four settings, and if either does not vary."""
    both = np.isfinite(first)
    x, y = first[both], second[both]
    if len(x) < 4 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])


REGRET = Section(
    "Regret over the map",
    "Rewards lost to the Bayes-optimal policy, summed over settings, as a fraction of the rewards of an oracle that "
    "knows the unknown arm's mean. 0 is Bayes-optimal. The policy that never explores shows how much there is to gain; "
    "untrained networks show how much random actions cost.",
    (
        Measure(
            "regret_share",
            "regret, as a fraction of the oracle's rewards",
            "fraction",
            _regret_share,
            roles={BAYES: "ceiling"},
            zero=BAYES,
        ),
        Measure(
            "regret_to_reference",
            "regret to a reference policy, as a fraction of the oracle's rewards (below 0: the networks earn more)",
            "fraction",
            _regret_to_reference,
        ),
    ),
)

REGIMES = Section(
    "Learn or hard-code",
    f"A network learns if it pulls the unknown arm more than {THRESHOLD:g} time per probe task on average; in probe "
    "tasks the arm's mean is the prior mean. The same rule holds for the Bayes-optimal policy. The other two "
    "references learn if they explore at all. Fractions are between 0 and 100 %.",
    (
        Measure("learning_cells", "settings in which the policy learns", "fraction", _learning_cells),
        Measure("regime_agreement", "settings in the same regime as a reference", "fraction", _regime_agreement),
    ),
)

EXPLORATION = Section(
    "Amount of exploration, and learning thresholds",
    "The correlation is over settings; at 1 networks explore in proportion to the reference. A learning threshold is "
    "the prior scale above which most networks, or a reference, learn. The distance between two thresholds is a mean "
    "over reward scales: at 0 they are equal, above 0 networks learn too rarely. Its logarithm is that of the ratio: "
    "0.1 is about 10 %. Intervals of thresholds are Student's, over networks.",
    (
        Measure("pulls_correlation", "correlation of exploration with a reference", "correlation", _pulls_correlation),
        Measure(
            "boundary_distance",
            "learning threshold, minus that of a reference",
            "rewards of prior_scale",
            _boundary_distance,
        ),
        Measure(
            "boundary_log_ratio",
            "learning threshold, logarithm of its ratio to that of a reference",
            "natural logarithm",
            _boundary_log_ratio,
        ),
    ),
)

TRAINING = Section(
    "Training",
    "A network that diverged is left out of all measures.",
    (Measure("diverged_networks", "networks that diverged", "networks", _diverged_networks),),
)
