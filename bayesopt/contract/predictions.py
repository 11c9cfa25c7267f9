"""The checks that every task family has to pass, by name: `contract_checks()`.

A check takes a family and returns one line that says what it found. It raises `AssertionError`, with a message for the
family's author, if the family breaks the contract, and `NotApplicable` if the family does not claim what is checked.
Keys are fixed, so a verdict is reproducible; the failure rates below are those of a correct family over other keys.
"""

import functools
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import scipy.stats

from bayesopt.beliefs import filter_beliefs
from bayesopt.contract.pulled_arms import PulledArms, PulledContexts
from bayesopt.contract.targets_at_inputs import TargetsAtInputs
from bayesopt.contract.verdicts import NotApplicable
from bayesopt.episodes import Sequences, sample_regressions, sample_sequences
from bayesopt.family import (
    AbstractBanditFamily,
    AbstractContextualBanditFamily,
    AbstractFamily,
    AbstractPredictionFamily,
    AbstractRegressionFamily,
    AbstractTabularFamily,
    HasArmBeliefs,
    HasBeliefs,
    HasContextBeliefs,
    HasRegressionBeliefs,
)
from bayesopt.float64 import in_float64
from bayesopt.inference.calibration import calibration_ranks, log_joints, posterior_draws, posterior_moments
from bayesopt.quadrature import expectation
from bayesopt.reference import log_marginal_likelihood, observation_space, predict_sequence

NUM_DRAWS, NUM_TASKS, LENGTH, NUM_POSTERIOR_DRAWS = 20_000, 1000, 6, 100

SMALLEST_P_VALUE = 1e-6
"""A test of simulation fails a correct family this often, for each scalar latent or coordinate."""
LARGEST_MCSE = 5.0
"""A NUTS moment may differ from the exact one by this many Monte-Carlo standard errors (failure rate 6e-7 each)."""


def check_runs_forward(family: AbstractFamily) -> str:
    """The model draws finite latents and observations of the declared shapes, and can be conditioned on them."""
    if isinstance(family, AbstractTabularFamily):
        from bayesopt.contract.worlds import check_tables  # it builds on this module

        return check_tables(family)
    prediction, name = _prediction(family), type(family).__name__
    space = observation_space(prediction)
    drawn = _simulated(prediction, NUM_TASKS)
    expected = (NUM_TASKS, LENGTH, *space.event_shape)
    shape = drawn.observations.shape
    assert shape == expected, (
        f"{name}: {LENGTH} observations of {NUM_TASKS:,} tasks must have shape {expected}; got {shape} "
        "(draw them at the site 'observations' inside a plate of size length)"
    )
    assert np.asarray(space.support(drawn.observations)).all(), f"{name} draws observations outside {space.support}"
    for site, values in drawn.latents.items():
        assert np.isfinite(values).all(), f"{name} draws latents {site!r} that are not finite"
    assert len(np.unique(drawn.observations, axis=0)) > 1, f"{name} draws the same observations for every key"
    again = sample_sequences(prediction, jax.random.key(0), num_tasks=NUM_DRAWS, length=LENGTH).observations
    assert np.array_equal(_simulated(prediction, NUM_DRAWS).observations, again), (
        f"{name} draws other values for one key"
    )
    itself = {site: values[:, None] for site, values in drawn.latents.items()}
    assert np.isfinite(log_joints(prediction, itself, drawn.observations)).all(), (
        f"{name}: the model's own draws have log density -inf or nan given themselves"
    )
    return f"latents {', '.join(drawn.latents) or 'none'}; observations of shape {space.event_shape or 'scalar'}"


def check_posterior_sites(family: AbstractFamily) -> str:
    """`posterior` has exactly the model's latent sites, each of the latent's shape, before and after observations."""
    exact, name = _with_beliefs(family), type(family).__name__
    drawn = _simulated(exact, NUM_TASKS)
    draws, log_probs = posterior_draws(exact, drawn.observations, jax.random.key(1), num_draws=NUM_POSTERIOR_DRAWS)
    assert set(draws) == set(drawn.latents), (
        f"{name}: posterior must have exactly the latent sites {sorted(drawn.latents)}; got {sorted(draws)}"
    )
    for site, values in drawn.latents.items():
        shape, expected = draws[site].shape, (NUM_TASKS, NUM_POSTERIOR_DRAWS, *values.shape[1:])
        assert shape == expected, f"{name}: posterior of {site!r} draws shape {shape[2:]}, the model {expected[2:]}"
    assert log_probs.shape == (NUM_TASKS, NUM_POSTERIOR_DRAWS), (
        f"{name}: the posterior's log_prob must be one number per draw; {log_probs.shape}"
    )
    return f"{', '.join(sorted(draws))}"


@in_float64
def check_prior_predictive(family: AbstractFamily) -> str:
    """Belief 0 predicts as simulation from the prior does (Kolmogorov-Smirnov on 20,000 draws of each)."""
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
    """Predictive probabilities sum or integrate to one at every time, to 1e-8."""
    exact = _with_beliefs(family)
    predictive: Any = predict_sequence(exact, _simulated(exact, 5).observations)
    while isinstance(predictive, dist.Independent):  # coordinates that add up to one each do so together
        predictive = predictive.base_dist
    if predictive.event_shape:
        raise NotApplicable("observations are not scalar, and no quadrature is certain to find their density")
    error = float(np.abs(expectation(predictive, jnp.ones_like) - 1).max())
    assert error < 1e-8, f"{type(family).__name__}: predictive probabilities add up to one only within {error:.1g}"
    return f"total probability is 1 within {error:.1g}"


def check_chain_rule(family: AbstractFamily) -> str:
    """Summed log predictives = log marginal likelihood of the model, to 1e-8; so predictive and posterior are exact.

    The model's log joint density less the posterior's log density is the log marginal likelihood at *every* value of
    the latents (candidate's formula; Besag 1989, Biometrika 76:183): no quadrature, in any dimension.
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
        f"{name}: model, posterior and predictive contradict each other by a relative {error:.1g}; "
        + ("the posterior is wrong" if not spread < 1e-6 else "the posterior is right, the predictive is wrong")
    )
    return f"evidence agrees within a relative {error:.1g}"


def check_exchangeability(family: AbstractFamily) -> str:
    """The belief of an exchangeable family does not depend on the order of the observations (of pairs, if it has)."""
    exact = _with_beliefs(family)
    if not (family if isinstance(family, AbstractRegressionFamily) else exact).is_exchangeable:
        raise NotApplicable("the family says that order matters")
    observations = _simulated(exact, NUM_TASKS).observations
    orders = [list(range(LENGTH)), list(range(LENGTH))[::-1], np.random.default_rng(0).permutation(LENGTH).tolist()]
    beliefs = [filter_beliefs(_in_order(exact, order), observations[:, order]) for order in orders]
    for leaves in zip(*map(jax.tree.leaves, beliefs), strict=True):
        first, *others = (leaf[:, -1] for leaf in leaves)
        assert all(np.allclose(first, other, rtol=1e-9, atol=1e-12) for other in others), (
            f"{type(family).__name__}: beliefs after the same observations in another order differ; "
            "correct update or set is_exchangeable = False"
        )
    return f"beliefs agree after {LENGTH} observations in three orders"


def check_calibration(family: AbstractFamily, *, num_tasks: int = NUM_TASKS) -> str:
    """Simulation-based calibration: ranks of the latents and of the log joint density are uniform."""
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
        f"{type(family).__name__}: the posterior is not calibrated: ranks of {worst} over {num_tasks:,} tasks are not "
        f"uniform (p = {p_values[worst]:.1g})"
    )
    return f"smallest p = {p_values[worst]:.2g} over {num_tasks:,} tasks"


def check_nuts_agreement(family: AbstractFamily, *, num_tasks: int = 2, num_samples: int = 1000) -> str:
    """Exact posterior means and standard deviations agree with NUTS on the model within 5 Monte-Carlo errors."""
    from arviz_stats.sampling_diagnostics import mcse  # ArviZ is slow to import, and only this check needs it

    from bayesopt.inference import mcmc

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
    worst = 0.0
    for moment, estimate in estimates.items():
        errors = mcse(draws, method=moment)
        for site, values in posterior_moments(exact, drawn.observations)[moment].items():
            distance = np.abs(estimate[site].values - values) / errors[site].values
            worst = max(worst, float(distance[np.isfinite(values)].max(initial=0)))
            assert worst < LARGEST_MCSE, (
                f"{name}: the posterior {moment} of {site!r} is {worst:.1f} Monte-Carlo errors away from NUTS"
            )
    return f"means and standard deviations within {worst:.1f} Monte-Carlo errors"


@functools.lru_cache(maxsize=4)
def _all_simulated(family: AbstractPredictionFamily) -> Sequences:
    return sample_sequences(family, jax.random.key(0), num_tasks=NUM_DRAWS, length=LENGTH)


def _simulated(family: AbstractPredictionFamily, num_tasks: int) -> Sequences:
    """The first few of one large draw: checks that share shapes share compiled functions."""
    return jax.tree.map(lambda leaf: leaf[:num_tasks], _all_simulated(family))


def _prediction(family: AbstractFamily) -> AbstractPredictionFamily:
    """The family, or what it asks one to predict: a bandit's rewards, arms pulled in turn; a regression's targets."""
    if isinstance(family, AbstractBanditFamily) and isinstance(family, HasArmBeliefs):
        return PulledArms(family)
    if isinstance(family, AbstractContextualBanditFamily) and isinstance(family, HasContextBeliefs):
        return PulledContexts(family)
    if isinstance(family, AbstractRegressionFamily) and isinstance(family, HasRegressionBeliefs):
        return _at_drawn_inputs(family)
    if not isinstance(family, AbstractPredictionFamily):
        raise NotApplicable("neither a prediction family, nor a bandit or regression with belief methods")
    return family


def _at_drawn_inputs(family: AbstractRegressionFamily) -> TargetsAtInputs:
    inputs = sample_regressions(family, jax.random.key(3), num_tasks=1, length=LENGTH).inputs
    assert inputs.ndim == 3 and inputs.shape[1] == LENGTH and np.isfinite(inputs).all(), (
        f"{type(family).__name__}: inputs must be finite, of shape (time, input); for {LENGTH} pairs the model draws "
        f"shape {inputs.shape[1:]}"
    )
    return TargetsAtInputs(family, tuple(tuple(values) for values in inputs[0].tolist()))


def _in_order(family: Any, order: list[int]) -> Any:
    return family.in_order(order) if isinstance(family, TargetsAtInputs) else family


def _with_beliefs(family: AbstractFamily) -> Any:
    prediction = _prediction(family)
    if not isinstance(prediction, HasBeliefs):
        raise NotApplicable("no belief methods, so no closed form to check")
    return prediction
