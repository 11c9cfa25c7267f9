"""The numbers behind every figure of a comparison of predictions, as tables: one row for each point that is drawn.

A table has `estimate`, `lower`, `upper` and `unit` beside the columns that say which point it is. `training_seed` is
missing (NA) where a row is not about a single training seed, `lower` and `upper` where no interval is drawn.
"""

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.point_tables import concatenate, curve_table, means_with_intervals, quantiles, resampled

NUM_EXAMPLES = 3
"""Tasks whose predictions are shown."""


def kl_by_time_table(tree: xr.DataTree) -> pd.DataFrame:
    """KL(Bayes‖predictor) of the prediction at each time, in nats; of the network also for each training seed."""
    pooled = curve_table(tree["curves"].dataset["kl_divergence"]).assign(training_seed=pd.NA)
    tables = [pooled]
    kl = tree["network"].dataset["kl_divergence"]
    if kl.sizes["training_seed"] > 1:
        by_seed = kl.mean("task").rename("estimate").to_dataframe().reset_index()
        tables.append(by_seed.assign(predictor="network", lower=np.nan, upper=np.nan))
    table = concatenate(tables).assign(unit="nats")
    return table[["predictor", "training_seed", "time", "estimate", "lower", "upper", "unit"]]


def predictions_table(tree: xr.DataTree, *, num_tasks: int = NUM_EXAMPLES) -> pd.DataFrame:
    """What Bayes and the networks predict in the first tasks, and what is then observed, up to the scored length.

    `estimate` is the centre of the prediction: the probability of the last outcome, or the median. For finite
    outcomes an observation is 1 where it is the last outcome and 0 where it is another.
    """
    first = {"task": slice(num_tasks), "time": slice(int(tree.attrs["length"]))}
    observations = tree["observed_data"].dataset["observations"]
    unit = "unit of the observations"
    if has_finite_outcomes(tree):
        observations = (observations == observations.max()).astype(float)
        unit = "probability"
    network = tree["network"].dataset["centre"]
    parts = {"observation": observations, "Bayes": tree["reference"].dataset["centre"], "network": network}
    tables = [
        values.isel(first).rename("estimate").to_dataframe().reset_index().assign(predictor=name)
        for name, values in parts.items()
    ]
    table = concatenate(tables).assign(lower=np.nan, upper=np.nan, unit=unit)
    return table[["predictor", "training_seed", "task", "time", "estimate", "lower", "upper", "unit"]]


def convergence_table(tree: xr.DataTree) -> pd.DataFrame:
    """KL(Bayes‖network) in nats/step at each checkpoint, for each training seed, with intervals over tasks.

    The floors follow, without a `step`.
    """
    kl = tree["convergence"].dataset["kl_divergence"].transpose("training_seed", "step", "task")
    num_seeds, _, num_tasks = kl.shape
    bounds = means_with_intervals(kl.to_numpy().reshape(-1, 1, num_tasks), seed=int(tree.attrs["seed"]))
    index = pd.MultiIndex.from_product([range(num_seeds), kl["step"].to_numpy()], names=["training_seed", "step"])
    network = bounds.set_index(index).reset_index().assign(predictor="network")
    measures = tree["measures"].to_dataset().to_dataframe()
    floors = measures[(measures.measure == "kl_divergence") & ~measures.predictor.str.startswith("network")]
    floors = floors[["predictor", "estimate", "lower", "upper"]].assign(step=pd.NA)
    table = concatenate([network, floors]).assign(unit="nats/step")
    return table.astype({"step": "Int64"})[["predictor", "training_seed", "step", "estimate", "lower", "upper", "unit"]]


def calibration_table(tree: xr.DataTree) -> pd.DataFrame:
    """Stated and observed frequencies of Bayes and the network, where anything was stated.

    `estimate` is observed minus stated frequency, a probability, with its interval over tasks; networks are pooled.
    """
    dataset = tree["calibration"].to_dataset()
    is_bayes = dataset["predictor"].to_numpy() == "Bayes"
    tables = []
    for name, indices in (("Bayes", is_bayes), ("network", ~is_bayes)):
        count, stated, observed = (
            dataset[field].to_numpy()[indices].mean(0).T for field in ("num_statements", "stated", "observed")
        )
        used = np.flatnonzero(count.sum(1))
        stacked = np.concatenate([count[used], observed[used] - stated[used]])[:, None]
        total, gap = np.split(resampled(stacked, seed=int(tree.attrs["seed"])), 2)
        lower, upper = quantiles(gap / total)
        sums = {field: values[used].sum(1) for field, values in (("stated", stated), ("observed", observed))}
        number = count[used].sum(1)
        frequencies = {field: values / number for field, values in sums.items()}
        estimate = frequencies["observed"] - frequencies["stated"]
        base = {"predictor": name, "bin": used, "count": number, "num_tasks": (count[used] > 0).sum(1)}
        bounds = {"estimate": estimate, "lower": lower, "upper": upper}
        tables.append(pd.DataFrame({**base, **frequencies, **bounds}))
    return pd.concat(tables, ignore_index=True).assign(unit="probability")


def regret_table(tree: xr.DataTree) -> pd.DataFrame:
    """Cumulative regret to the informed oracle after each observation, in nats."""
    table = curve_table(tree["curves"].dataset["cumulative_regret"].rename(regret_predictor="predictor"))
    table = table.assign(observations=table.time + 1, unit="nats")
    return table[["predictor", "observations", "estimate", "lower", "upper", "unit"]]


def order_cost_table(tree: xr.DataTree) -> pd.DataFrame:
    """The order cost and the mean KL over orders, in nats, after each number of observations."""
    measures = tree["measures"].to_dataset().to_dataframe().set_index("measure")
    rows = [
        {"quantity": name, "observations": int(position), **measures.loc[f"{prefix}_after_{position}"]}
        for name, prefix in (("mean KL over orders", "kl_divergence_over_orders"), ("order cost", "order_cost"))
        for position in tree["order_cost"].dataset["position"].to_numpy()
    ]
    return pd.DataFrame(rows)[["quantity", "observations", "estimate", "lower", "upper", "unit"]]


def certificate_table(tree: xr.DataTree) -> pd.DataFrame:
    """KL(Bayes‖network) at each time in nats: exact over all histories, and estimated on the sampled tasks.

    Both are means over training seeds; intervals are over tasks, for these networks.
    """
    exact = tree["certificate"].dataset["kl_by_time"]
    sampled = tree["network"].dataset["kl_divergence"].isel(time=slice(exact.sizes["time"]))
    values = sampled.mean("training_seed").transpose("time", "task").to_numpy()[:, None]
    estimated = means_with_intervals(values, seed=int(tree.attrs["seed"]))
    pooled = exact.mean("training_seed").to_numpy()
    certain = pd.DataFrame({"estimate": pooled, "lower": pooled, "upper": pooled})
    tables = [
        bounds.assign(quantity=name, time=np.arange(len(bounds)))
        for name, bounds in (("exact", certain), ("sampled", estimated))
    ]
    if exact.sizes["training_seed"] > 1:
        by_seed = exact.rename("estimate").to_dataframe().reset_index()
        tables.append(by_seed.assign(quantity="exact", lower=by_seed.estimate, upper=by_seed.estimate))
    table = concatenate(tables).assign(unit="nats")
    return table[["quantity", "training_seed", "time", "estimate", "lower", "upper", "unit"]]


def has_finite_outcomes(tree: xr.DataTree) -> bool:
    """Whether observations are outcomes counted from 0, not real numbers."""
    return bool(np.issubdtype(tree["observed_data"].dataset["observations"].dtype, np.integer))
