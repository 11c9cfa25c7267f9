"""Checks of a family as a prediction task: its model, its beliefs, its predictives and its posterior.

Bandits and regressions pass through the same checks, at a fixed sequence of arms (`bayesopt.contract.pulled_arms`) or
of inputs (`bayesopt.contract.targets_at_inputs`).
"""

import functools
import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import scipy.stats

from bayesopt.beliefs import filter_beliefs
from bayesopt.contract.pulled_arms import PulledArms, PulledContexts
from bayesopt.contract.targets_at_inputs import TargetsAtInputs
from bayesopt.contract.verdicts import Check, NotApplicable
from bayesopt.episodes import Sequences, sample_regressions, sample_sequences
from bayesopt.family import (
    AbstractBanditFamily,
    AbstractContextualBanditFamily,
    AbstractFamily,
    AbstractPredictionFamily,
    AbstractRegressionFamily,
    HasArmBeliefs,
    HasBeliefs,
    HasContextBeliefs,
    HasRegressionBeliefs,
)
from bayesopt.float64 import in_float64
from bayesopt.inference import mcmc
from bayesopt.inference.calibration import calibration_ranks, log_joints, posterior_draws, posterior_moments
from bayesopt.observations import observation_space
from bayesopt.quadrature import expectation
from bayesopt.reference import log_marginal_likelihood, predict_sequence

NUM_DRAWS, NUM_TASKS, LENGTH, NUM_POSTERIOR_DRAWS = 20_000, 1000, 6, 100

SMALLEST_P_VALUE = 1e-6
"""Failure rate of a correct family in each test against simulation, per scalar latent or coordinate."""
LARGEST_MCSE = 5.0
"""Largest difference between a moment from NUTS and the exact one, in Monte-Carlo errors (failure rate 6e-7 each)."""


def check_runs_forward(family: AbstractFamily) -> str:
    """Check that the model draws finite latents and observations of the declared shapes and accepts them as data."""
    prediction, name = _as_prediction(family), type(family).__name__
    space = observation_space(prediction)
    drawn = _simulated(prediction, NUM_TASKS)
    expected = (NUM_TASKS, LENGTH, *space.event_shape)
    shape = drawn.observations.shape
    assert shape == expected, (
        f"{name}: {LENGTH} observations of {NUM_TASKS:,} tasks must have shape {expected}; got {shape}. "
        "Draw them at the site 'observations' inside a plate of size length"
    )
    assert np.asarray(space.support(drawn.observations)).all(), (
        f"{name}: observations must be in {space.support}; the model draws some outside it"
    )
    for site, values in drawn.latents.items():
        assert np.isfinite(values).all(), f"{name}: latents {site!r} must be finite; the model draws nan or infinity"
    assert len(np.unique(drawn.observations, axis=0)) > 1, f"{name} draws the same observations for every key"
    again = sample_sequences(prediction, jax.random.key(0), num_tasks=NUM_DRAWS, length=LENGTH).observations
    assert np.array_equal(_simulated(prediction, NUM_DRAWS).observations, again), (
        f"{name} draws different observations for the same key"
    )
    itself = {site: values[:, None] for site, values in drawn.latents.items()}
    assert np.isfinite(log_joints(prediction, itself, drawn.observations)).all(), (
        f"{name}: the model's own draws must have a finite log joint density; got -inf or nan"
    )
    return f"latents {', '.join(drawn.latents) or 'none'}; observations of shape {space.event_shape or 'scalar'}"


def check_posterior_sites(family: AbstractFamily) -> str:
    """Check that `posterior` has exactly the latent sites of the model, each of the latent's shape."""
    exact, name = _with_beliefs(family), type(family).__name__
    drawn = _simulated(exact, NUM_TASKS)
    draws, log_probs = posterior_draws(exact, drawn.observations, jax.random.key(1), num_draws=NUM_POSTERIOR_DRAWS)
    assert set(draws) == set(drawn.latents), (
        f"{name}: posterior must have exactly the latent sites {sorted(drawn.latents)}; got {sorted(draws)}"
    )
    for site, values in drawn.latents.items():
        shape, expected = draws[site].shape, (NUM_TASKS, NUM_POSTERIOR_DRAWS, *values.shape[1:])
        assert shape == expected, (
            f"{name}: posterior of {site!r} must draw shape {expected[2:]}, as the model does; got {shape[2:]}"
        )
    assert log_probs.shape == (NUM_TASKS, NUM_POSTERIOR_DRAWS), (
        f"{name}: log_prob of the posterior must be one number per draw; got shape {log_probs.shape[2:]} per draw"
    )
    return f"{', '.join(sorted(draws))}"


@in_float64
def check_prior_predictive(family: AbstractFamily) -> str:
    """Check that the predictive of belief 0 is what the model draws (Kolmogorov-Smirnov, 20,000 draws of each)."""
    exact = _with_beliefs(family)
    simulated = _simulated(exact, NUM_DRAWS).observations[:, 0].reshape(NUM_DRAWS, -1)
    predictive = exact.posterior_predictive(exact.prior_belief())
    predicted = np.asarray(predictive.sample(jax.random.key(1), (NUM_DRAWS,))).reshape(NUM_DRAWS, -1)
    pairs = zip(simulated.T, predicted.T, strict=True)
    smallest = min(np.asarray(scipy.stats.ks_2samp(*pair, method="asymp"))[1] for pair in pairs)
    assert smallest > SMALLEST_P_VALUE, (
        f"{type(family).__name__}: the predictive of the prior belief is not what the model draws (p = {smallest:.1g})"
    )
    return f"p = {smallest:.2g} on {NUM_DRAWS:,} draws"


def check_predictive_is_normalised(family: AbstractFamily) -> str:
    """Check that predictive probabilities sum or integrate to 1 at every time, within 1e-8."""
    exact = _with_beliefs(family)
    predictive: Any = predict_sequence(exact, _simulated(exact, 5).observations)
    while isinstance(predictive, dist.Independent):  # a product of densities integrates to 1 if each does
        predictive = predictive.base_dist
    if predictive.event_shape:
        raise NotApplicable("observations are not scalar, and quadrature here is for scalars only")
    error = float(np.abs(expectation(predictive, jnp.ones_like) - 1).max())
    assert error < 1e-8, (
        f"{type(family).__name__}: predictive probabilities must add up to 1 within 1e-8; they miss it by {error:.1g}"
    )
    return f"total probability is 1 within {error:.1g}"


def check_chain_rule(family: AbstractFamily) -> str:
    """Check that the summed log predictives are the log marginal likelihood of the model, within a relative 1e-8.

    The log marginal likelihood is the model's log joint density minus the posterior's log density, at *every* value of
    the latents (candidate's formula; Besag 1989, Biometrika 76:183). This needs no quadrature, in any dimension. A
    family that passes has an exact predictive and an exact posterior.
    """
    exact, name = _with_beliefs(family), type(family).__name__
    observations = _simulated(exact, NUM_TASKS).observations
    draws, log_probs = posterior_draws(exact, observations, jax.random.key(1), num_draws=NUM_POSTERIOR_DRAWS)
    joints = log_joints(exact, draws, observations)
    summed = log_marginal_likelihood(exact, observations)[:, None]
    with np.errstate(invalid="ignore"):  # draws of a wrong posterior may be impossible
        relative = np.abs(joints - log_probs - summed) / (1 + np.abs(joints))
        spread = float(np.ptp(joints - log_probs, axis=1).max())
    error = float(np.where(np.isfinite(relative), relative, np.inf).max())
    assert error < 1e-8, (
        f"{name}: model, posterior and predictive must agree within a relative 1e-8; they differ by {error:.1g}; "
        + ("the posterior is wrong" if not spread < 1e-6 else "the posterior is right, the predictive is wrong")
    )
    return f"evidence agrees within a relative {error:.1g}"


def check_exchangeability(family: AbstractFamily) -> str:
    """Check that the belief does not depend on the order of the observations, for a family that is exchangeable."""
    exact = _with_beliefs(family)
    if not exact.is_exchangeable:
        raise NotApplicable("the family says that order matters")
    return _compare_orders(type(family).__name__, exact, lambda order: exact)


def check_pair_exchangeability(family: AbstractRegressionFamily) -> str:
    """Check that the belief does not depend on the order of the pairs, for a regression that is exchangeable."""
    exact = _with_beliefs(family)
    if not family.is_exchangeable:
        raise NotApplicable("the family says that order matters")
    return _compare_orders(type(family).__name__, exact, exact.in_order)


def check_calibration(family: AbstractFamily, *, num_tasks: int = NUM_TASKS) -> str:
    """Check that the ranks of latents and of the log joint density are uniform (simulation-based calibration)."""
    exact = _with_beliefs(family)
    simulated = _simulated(exact, num_tasks)
    ranks = calibration_ranks(exact, simulated, jax.random.key(2), num_draws=NUM_POSTERIOR_DRAWS)
    p_values = {
        f"{site}[{i}]": np.asarray(scipy.stats.kstest(element, "uniform"))[1]
        for site, elements in ranks.items()
        for i, element in enumerate(elements.T)
    }
    worst = min(p_values, key=p_values.__getitem__)
    assert p_values[worst] > SMALLEST_P_VALUE, (
        f"{type(family).__name__}: the posterior is not calibrated; over {num_tasks:,} tasks the ranks of {worst} "
        f"are not uniform (p = {p_values[worst]:.1g})"
    )
    return f"smallest p = {p_values[worst]:.2g} over {num_tasks:,} tasks"


def check_nuts_agreement(family: AbstractFamily, *, num_tasks: int = 2, num_samples: int = 1000) -> str:
    """Check that exact posterior means and standard deviations are those of NUTS, within 5 Monte-Carlo errors."""
    exact, name = _with_beliefs(family), type(family).__name__
    drawn = _simulated(exact, num_tasks)
    if any(np.issubdtype(values.dtype, np.integer) for values in drawn.latents.values()):
        raise NotApplicable("NUTS cannot sample discrete latents")
    tree = mcmc.sample_posterior(exact, drawn.observations, jax.random.key(1), num_samples=num_samples)
    with warnings.catch_warnings(record=True) as troubles:
        warnings.simplefilter("always", mcmc.InferenceWarning)
        mcmc.diagnose(tree)
    assert not troubles, f"{name}: NUTS does not converge on the model: {troubles[0].message}"
    draws = tree["posterior"].to_dataset()
    estimates = {"mean": draws.mean(["chain", "draw"]), "sd": draws.std(["chain", "draw"])}
    errors = mcmc.moment_errors(draws)
    worst = 0.0
    for moment, estimate in estimates.items():
        for site, values in posterior_moments(exact, drawn.observations)[moment].items():
            distance = np.abs(estimate[site].values - values) / errors[moment][site].values
            worst = max(worst, float(distance[np.isfinite(values)].max(initial=0)))
            assert worst < LARGEST_MCSE, (
                f"{name}: the posterior {moment} of {site!r} must be within {LARGEST_MCSE:.0f} Monte-Carlo errors of "
                f"NUTS; got {worst:.1f}"
            )
    return f"means and standard deviations within {worst:.1f} Monte-Carlo errors"


@functools.lru_cache(maxsize=4)
def _all_simulated(family: AbstractPredictionFamily) -> Sequences:
    return sample_sequences(family, jax.random.key(0), num_tasks=NUM_DRAWS, length=LENGTH)


def _simulated(family: AbstractPredictionFamily, num_tasks: int) -> Sequences:
    """Return the first tasks of one large draw. Checks that share shapes also share compiled functions."""
    return jax.tree.map(lambda leaf: leaf[:num_tasks], _all_simulated(family))


def _as_prediction(family: AbstractFamily) -> AbstractPredictionFamily:
    """Return the family as a prediction task.

    The task of a bandit is to predict its rewards when arms are pulled in turn. The task of a regression is to predict
    its targets at fixed inputs. Raises `NotApplicable` if such a family has no belief methods.
    """
    if isinstance(family, AbstractPredictionFamily):
        return family
    if isinstance(family, AbstractBanditFamily) and isinstance(family, HasArmBeliefs):
        return PulledArms(family)
    if isinstance(family, AbstractContextualBanditFamily) and isinstance(family, HasContextBeliefs):
        return PulledContexts(family)
    if isinstance(family, AbstractRegressionFamily) and isinstance(family, HasRegressionBeliefs):
        return _at_drawn_inputs(family)
    raise NotApplicable("no belief methods, so it cannot be checked as a prediction task")


def _at_drawn_inputs(family: AbstractRegressionFamily) -> TargetsAtInputs:
    inputs = sample_regressions(family, jax.random.key(3), num_tasks=1, length=LENGTH).inputs
    assert inputs.ndim == 3 and inputs.shape[1] == LENGTH and np.isfinite(inputs).all(), (
        f"{type(family).__name__}: inputs must be finite, of shape (time, input); got shape {inputs.shape[1:]} for "
        f"{LENGTH} pairs"
    )
    return TargetsAtInputs(family, tuple(tuple(values) for values in inputs[0].tolist()))


def _with_beliefs(family: AbstractFamily) -> Any:
    prediction = _as_prediction(family)
    if not isinstance(prediction, HasBeliefs):
        raise NotApplicable("no belief methods, so no closed form to check")
    return prediction


def _compare_orders(name: str, exact: Any, in_order: Callable[[list[int]], Any]) -> str:
    """Compare beliefs after observations in three orders; `in_order` returns the task that presents them so."""
    observations = _simulated(exact, NUM_TASKS).observations
    orders = [list(range(LENGTH)), list(range(LENGTH))[::-1], np.random.default_rng(0).permutation(LENGTH).tolist()]
    beliefs = [filter_beliefs(in_order(order), observations[:, order]) for order in orders]
    for leaves in zip(*map(jax.tree.leaves, beliefs), strict=True):
        first, *others = (leaf[:, -1] for leaf in leaves)
        assert all(np.allclose(first, other, rtol=1e-9, atol=1e-12) for other in others), (
            f"{name}: beliefs after the same observations in another order differ. "
            "Correct the update, or set is_exchangeable = False"
        )
    return f"beliefs agree after {LENGTH} observations in three orders"


PREDICTION_CHECKS: dict[str, Check] = {
    "runs_forward": check_runs_forward,
    "posterior_sites": check_posterior_sites,
    "prior_predictive": check_prior_predictive,
    "predictive_is_normalised": check_predictive_is_normalised,
    "chain_rule": check_chain_rule,
    "exchangeability": check_exchangeability,
    "calibration": check_calibration,
    "nuts_agreement": check_nuts_agreement,
}
REGRESSION_CHECKS = PREDICTION_CHECKS | {"exchangeability": check_pair_exchangeability}
