"""Draws and moments of exact posteriors, and their simulation-based calibration.

If latents and observations come from the model, the true latents are one more draw from the exact posterior, so their
rank among posterior draws is uniform (Talts et al. 2018, arXiv 1804.06788). The rank of any function of latents and
observations is uniform too; that of the model's log joint density reveals a posterior that ignores the data (Modrák et
al. 2023, arXiv 2211.02383).
"""

import functools
from typing import Any, SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Shaped
from numpyro.infer.util import log_density

from bayesopt.beliefs import filter_beliefs
from bayesopt.episodes import COPIES, Sequences
from bayesopt.family import AbstractPredictionFamily, Belief, HasBeliefs
from bayesopt.float64 import in_float64, own_settings, to_numpy
from bayesopt.inputs import Numbers, as_array, as_count
from bayesopt.keys import as_key
from bayesopt.memory import require_memory
from bayesopt.observations import validated_observations

LOG_JOINT = "log joint density"


def calibration_ranks(
    family: HasBeliefs, simulated: Sequences, key: Array, *, num_draws: SupportsIndex = 100
) -> dict[str, Float[np.ndarray, "task element"]]:
    """Return fractional ranks of the true latents among `num_draws` posterior draws: uniform on [0, 1] if calibrated.

    `simulated` must come from the family's own model. The result has one entry for every latent site, with its scalars
    as elements, and one for the model's log joint density. Ties (of discrete latents) are broken at random.
    """
    assert isinstance(family, AbstractPredictionFamily)
    num_draws = as_count("num_draws", num_draws, least=1)
    with own_settings():
        key_draws, key_ties = jax.random.split(as_key(key))
    draws, _ = posterior_draws(family, simulated.observations, key_draws, num_draws=num_draws)
    truth = {site: values[:, None] for site, values in simulated.latents.items()}
    draws |= {LOG_JOINT: log_joints(family, draws, simulated.observations)}
    truth |= {LOG_JOINT: log_joints(family, truth, simulated.observations)}
    num_tasks = len(simulated.observations)
    with own_settings():
        within_ties = np.asarray(jax.random.uniform(key_ties, (num_tasks, 1), dtype="float32"))
    ranks = {}
    for site, values in draws.items():
        values, true = values.reshape(num_tasks, num_draws, -1), truth[site].reshape(num_tasks, 1, -1)
        below, equal = (values < true).sum(1), (values == true).sum(1)
        ranks[site] = (below + within_ties * (equal + 1)) / (num_draws + 1)
    return ranks


@in_float64
def posterior_draws(
    family: HasBeliefs, observations: Numbers, key: Array, *, num_draws: SupportsIndex
) -> tuple[dict[str, Shaped[np.ndarray, "task draw ..."]], Float[np.ndarray, "task draw"]]:
    """Draw from the exact posterior of every task given all its observations; also return the draws' log densities."""
    num_draws = as_count("num_draws", num_draws, least=1)
    final = jax.tree.map(lambda leaf: jnp.asarray(leaf[:, -1]), filter_beliefs(family, observations))
    num_tasks, num_numbers = len(jax.tree.leaves(final)[0]), sum(leaf[0].size for leaf in jax.tree.leaves(final))
    needed = 8.0 * COPIES * num_tasks * num_draws * (1 + num_numbers)
    require_memory(needed, f"{num_draws:,} draws for each of {num_tasks:,} tasks", remedy="Lower num_draws")
    return to_numpy(_posterior_draws(family, num_draws, final, jax.random.split(as_key(key), num_tasks)))


@functools.partial(jax.jit, static_argnums=(0, 1))
def _posterior_draws(family: HasBeliefs, num_draws: int, beliefs: Any, keys: Array) -> tuple[dict[str, Any], Any]:
    def draw_one(belief: Any, key: Array) -> tuple[dict[str, Any], Any]:
        posterior = family.posterior(belief)
        site_keys = jax.random.split(key, len(posterior))
        draws = {
            site: distribution.sample(site_key, (num_draws,))
            for site_key, (site, distribution) in zip(site_keys, posterior.items(), strict=True)
        }
        return draws, sum(posterior[site].log_prob(values) for site, values in draws.items())

    return jax.vmap(draw_one)(beliefs, keys)


@in_float64
def posterior_moments(family: HasBeliefs, observations: Numbers) -> dict[str, dict[str, Float[np.ndarray, "task ..."]]]:
    """Return the exact posterior `mean` and `sd` of every latent site, for every task given all its observations."""
    final = jax.tree.map(lambda leaf: jnp.asarray(leaf[:, -1]), filter_beliefs(family, observations))

    def moments(belief: Belief) -> dict[str, dict[str, Array]]:
        posterior = family.posterior(belief)
        return {
            "mean": {site: distribution.mean for site, distribution in posterior.items()},
            "sd": {site: jnp.sqrt(distribution.variance) for site, distribution in posterior.items()},
        }

    return to_numpy(jax.vmap(moments)(final))


@in_float64
def log_joints(
    family: AbstractPredictionFamily,
    latents: dict[str, Shaped[Any, "task draw ..."]],
    observations: Numbers,
) -> Float[np.ndarray, "task draw"]:
    """Return the model's log joint density of latents and observations, in nats, for every draw of every task."""
    known = {site: jnp.asarray(as_array(f"latents {site!r}", values)) for site, values in latents.items()}
    return np.asarray(_log_joints(family, known, validated_observations(family, observations)))


@functools.partial(jax.jit, static_argnums=0)
def _log_joints(family: AbstractPredictionFamily, latents: dict[str, Array], observations: Array) -> Any:
    def evaluate(latents: dict[str, Array], observations: Array) -> Any:
        return log_density(family.model, (observations,), {"length": observations.shape[0]}, latents)[0]

    return jax.vmap(jax.vmap(evaluate, in_axes=(0, None)))(latents, observations)
