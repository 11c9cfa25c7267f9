"""NUTS on the NumPyro model of any prediction family, for many tasks and chains at once, and its diagnostics.

It shares no code with the closed forms, so it checks them independently. It also gives the posterior of families
without closed forms. One compiled sampler serves all data of the same shape.
"""

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any, SupportsIndex

import arviz_base
import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import pandas as pd
import xarray as xr
from arviz_stats.sampling_diagnostics import ess, mcse, rhat
from jaxtyping import Array
from numpyro import handlers
from numpyro.infer import MCMC, NUTS

from bayesopt.episodes import COPIES, site_shapes
from bayesopt.family import AbstractPredictionFamily, require_kind
from bayesopt.float64 import in_float64, to_numpy
from bayesopt.inputs import Numbers, as_count, as_number
from bayesopt.keys import as_key
from bayesopt.memory import require_memory
from bayesopt.observations import validated_observations

LARGEST_R_HAT = 1.01
"""R-hat above which chains disagree (Vehtari et al. 2021, Bayesian Analysis 16:667)."""

SMALLEST_ESS = 400
"""ESS below which R-hat and the Monte-Carlo standard errors are themselves unreliable (the same source)."""

_STATISTICS = {
    "potential_energy": "lp",
    "energy": "energy",
    "accept_prob": "acceptance_rate",
    "num_steps": "n_steps",
    "diverging": "diverging",
}


class InferenceWarning(UserWarning):
    """Warning that a sampled posterior is not reliable yet; the message names the remedy."""


@in_float64
def sample_posterior(
    family: AbstractPredictionFamily,
    observations: Numbers,
    key: Array,
    *,
    num_warmup: SupportsIndex = 500,
    num_samples: SupportsIndex = 1000,
    num_chains: SupportsIndex = 4,
    target_accept_prob: float = 0.8,
) -> xr.DataTree:
    """Draw the latents of every task from their posterior given all observations of the task.

    The tree has ArviZ's groups: `posterior` (chain, draw, task, ...), `sample_stats` (chain, draw, task; `lp` is the
    log joint density of the unconstrained latents, in nats) and `observed_data` (task, time, ...). `num_warmup` and
    `num_samples` count draws per chain. Check the tree with `diagnose` before using it.

    Raises `TypeError` for a family of another kind, and `ValueError` for observations outside the support, counts out
    of range, draws that do not fit in memory, and discrete latents, which NUTS cannot sample.
    """
    require_kind("sample_posterior", family, AbstractPredictionFamily)
    num_warmup = as_count("num_warmup", num_warmup, least=1, reason="the step size has to be adapted")
    num_samples = as_count("num_samples", num_samples, least=4, reason="the diagnostics split every chain")
    num_chains = as_count("num_chains", num_chains, least=2, reason="R-hat compares chains")
    target_accept_prob = as_number("target_accept_prob", target_accept_prob)
    if not 0 < target_accept_prob < 1:
        raise ValueError(f"target_accept_prob must lie between 0 and 1; got {target_accept_prob!r}")
    key = as_key(key)
    values = validated_observations(family, observations)
    _require_continuous_latents(family)
    _require_room_for_draws(family, values.shape, num_chains * num_samples)

    run = _compiled_sampler(family, num_warmup, num_samples, target_accept_prob)
    num_tasks = values.shape[0]
    keys = jax.random.split(key, num_tasks * num_chains)
    drawn = to_numpy(run(jnp.repeat(values, num_chains, axis=0), keys))
    latents, statistics = jax.tree.map(lambda leaf: leaf.reshape(num_tasks, num_chains, *leaf.shape[1:]), drawn)
    statistics = {name: statistics[field] for field, name in _STATISTICS.items()}
    statistics["lp"] = -statistics["lp"]
    statistics["tree_depth"] = np.log2(statistics["n_steps"]).astype(int) + 1
    groups = {
        "posterior": {name: np.moveaxis(draws, 0, 2) for name, draws in latents.items()},
        "sample_stats": {name: np.moveaxis(draws, 0, 2) for name, draws in statistics.items()},
        "observed_data": {"observations": np.asarray(values)},
    }
    settings = {
        "inference_library": "numpyro",
        "inference_library_version": numpyro.__version__,
        "tuning_steps": num_warmup,
        "target_accept_prob": target_accept_prob,
    }
    dims = {name: ["task"] + [f"{name}_dim_{i}" for i in range(draws.ndim - 3)] for name, draws in latents.items()}
    dims |= {name: ["task"] for name in statistics}
    dims["observations"] = ["task", "time"] + [f"observations_dim_{i}" for i in range(values.ndim - 2)]
    return arviz_base.from_dict(groups, dims=dims, attrs={"posterior": settings, "sample_stats": settings})


def diagnose(tree: xr.DataTree) -> pd.DataFrame:
    """Return convergence diagnostics of `sample_posterior`: one row for every scalar latent of every task.

    The columns are `latent`, `task`, `r_hat`, `ess_bulk` and `ess_tail` (effective draws of all chains together),
    `mcse_mean` (Monte-Carlo standard error of the posterior mean, in the latent's unit) and `divergences` (divergent
    transitions of that task). It issues one `InferenceWarning` for each kind of problem, with the worst case and the
    remedy. Source: Vehtari et al. 2021, as computed by `arviz_stats`.
    """
    posterior = tree["posterior"].to_dataset()
    divergences = tree["sample_stats"].to_dataset()["diverging"].sum(["chain", "draw"]).values
    with np.errstate(invalid="ignore"):  # R-hat is nan for chains that never moved, which is reported below
        measures = {
            "r_hat": rhat(posterior),
            "ess_bulk": ess(posterior, method="bulk"),
            "ess_tail": ess(posterior, method="tail"),
            "mcse_mean": mcse(posterior, method="mean"),
        }
    rows = []
    for name in map(str, posterior.data_vars):
        arrays = {measure: dataset[name].transpose("task", ...).values for measure, dataset in measures.items()}
        for task, *element in np.ndindex(arrays["r_hat"].shape):
            row: dict[str, Any] = {"latent": f"{name}{element}" if element else name, "task": task}
            row |= {measure: float(array[task, *element]) for measure, array in arrays.items()}
            rows.append(row | {"divergences": int(divergences[task])})
    table = pd.DataFrame(rows)
    for message in _troubles(table, posterior):
        warnings.warn(message, InferenceWarning, stacklevel=2)
    return table


def moment_errors(draws: xr.Dataset) -> dict[str, xr.Dataset]:
    """Return the Monte-Carlo standard errors of the `mean` and the `sd` (divisor: the number of draws) of every scalar.

    `draws` have the dimensions `chain` and `draw`. Each error is in the unit of its variable. That of the mean is
    `arviz_stats.mcse`. That of the standard deviation s is the error of the mean of the squared deviations divided by
    2 s (delta method), with the effective draws of the *squares*. `arviz_stats.mcse(method="sd")` takes those of the
    values, which are more numerous where a chain alternates around its mean, as those of NUTS do on a normal
    posterior; there its error is 1.3 to 1.5 times too small.
    """
    squares = (draws - draws.mean(["chain", "draw"])) ** 2
    sd = np.sqrt(squares.mean(["chain", "draw"]))
    return {"mean": mcse(draws, method="mean"), "sd": mcse(squares, method="mean") / (2 * sd)}


def _troubles(table: pd.DataFrame, posterior: xr.Dataset) -> list[str]:
    """Return one line for each kind of problem; diagnostics that are nan (a chain never moved) count as problems."""
    messages = []
    worst = table.loc[table.r_hat.fillna(np.inf).idxmax()]
    if not worst.r_hat <= LARGEST_R_HAT:
        found = f"R-hat {worst.r_hat:.3g} > {LARGEST_R_HAT}" if worst.r_hat > 0 else "the chains never moved"
        messages.append(
            f"task {worst.task}: {found} for '{worst.latent}'; "
            f"raise num_warmup above {posterior.attrs['tuning_steps']:,}"
        )
    ess_min = table[["ess_bulk", "ess_tail"]].min(axis=1, skipna=False)
    worst, smallest = table.loc[ess_min.fillna(0).idxmin()], float(ess_min.fillna(0).min())
    if smallest < SMALLEST_ESS:
        wanted = _rounded_up(posterior.sizes["draw"] * SMALLEST_ESS / max(smallest, 1.0))
        messages.append(
            f"task {worst.task}: ESS {smallest:.0f} < {SMALLEST_ESS} for '{worst.latent}'; "
            f"raise num_samples to about {wanted:,}"
        )
    num_divergences = int(table.groupby("task").divergences.first().sum())
    if num_divergences:
        accept = posterior.attrs["target_accept_prob"]
        target = next((target for target in (0.95, 0.99) if target > accept), None)
        remedy = f"raise target_accept_prob to {target} or reparametrise" if target else "reparametrise"
        messages.append(f"{num_divergences:,} divergences; {remedy} the family's model")
    return messages


@functools.lru_cache(maxsize=32)
def _compiled_sampler(
    family: AbstractPredictionFamily, num_warmup: int, num_samples: int, target_accept_prob: float
) -> Callable[[Array, Array], Any]:
    """Return a jitted function of all chains' observations and keys; one `vmap` compiles twice as fast as two."""

    def run_one(observations: Array, key: Array) -> tuple[dict[str, Array], dict[str, Array]]:
        kernel = NUTS(family.model, target_accept_prob=target_accept_prob)
        mcmc = MCMC(kernel, num_warmup=num_warmup, num_samples=num_samples, num_chains=1, progress_bar=False)
        mcmc.run(key, observations, length=observations.shape[0], extra_fields=tuple(_STATISTICS))
        return mcmc.get_samples(), mcmc.get_extra_fields()

    return jax.jit(jax.vmap(run_one))


def _require_continuous_latents(family: AbstractPredictionFamily) -> None:
    with handlers.trace() as trace, handlers.seed(rng_seed=0):
        jax.eval_shape(lambda: family.model(length=1))  # finds the sites without drawing them
    sites = [site for name, site in trace.items() if site["type"] == "sample" and name != "observations"]
    discrete = [site["name"] for site in sites if not site["is_observed"] and site["fn"].support.is_discrete]
    if discrete:
        raise ValueError(
            f"{type(family).__name__}: NUTS cannot sample the discrete latents {', '.join(discrete)}; "
            "sum them out in the model"
        )


def _require_room_for_draws(family: AbstractPredictionFamily, shape: tuple[int, ...], num_draws: int) -> None:
    """Raise `ValueError` if so many draws for tasks of this shape (task, time, ...) do not fit in memory."""
    latents = [math.prod(site) for name, site in site_shapes(family).items() if name != "observations"]
    needed = 8.0 * COPIES * shape[0] * num_draws * (sum(latents) + len(_STATISTICS))
    what = f"{num_draws:,} draws for each of {shape[0]:,} tasks"
    require_memory(needed, what, remedy="Lower num_samples or num_chains, or pass fewer tasks at once")


def _rounded_up(number: float) -> int:
    """Round up to two significant digits."""
    unit = 10 ** max(math.floor(math.log10(number)) - 1, 0)
    return math.ceil(number / unit) * unit
