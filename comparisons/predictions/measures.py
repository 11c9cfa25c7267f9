"""From scores per task to numbers a person reads: each an estimate with an interval, a unit, and what it is over."""

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.kind import Vocabulary
from comparisons.predictions.calibration import Reliability, calibration_error
from comparisons.rows import Measure, curve_of, in_standard_errors, over
from comparisons.seeding import integer_for
from comparisons.statistics.intervals import LEVEL, Interval, bootstrap_mean, bootstrap_ratio, resampled_means


def with_measures(tree: xr.DataTree, *, seed: int) -> xr.DataTree:
    """The tree with two more groups: `measures`, the table of results, and `curves`, intervals at every time."""
    table = pd.DataFrame(_measures(tree, integer_for(seed, "bootstrap")))
    measures = xr.Dataset({name: (("row",), table[name].to_numpy()) for name in table.columns})
    measures.attrs["level"] = LEVEL
    return tree.assign({"measures": xr.DataTree(measures), "curves": xr.DataTree(_curves(tree, seed))})


def _measures(tree: xr.DataTree, seed: int) -> list[Measure]:
    length = int(tree.attrs["length"])
    scores = _scores_by_predictor(tree)
    bayes_loss = tree["reference"]["log_loss"].to_numpy()[None]
    oracle_loss = tree["reference"]["oracle_log_loss"].to_numpy()[None]
    network_kl, network_loss = scores["network"]
    rows: list[Measure] = []

    def add(measure: str, predictor: str, interval: Interval, unit: str, num_seeds: int) -> None:
        rows.append(Measure(measure, predictor, *interval, unit, over(num_seeds)))

    def within(values: np.ndarray) -> np.ndarray:
        return values[:, :, :length]

    for name, (kl, _) in scores.items():
        add("kl_divergence", name, bootstrap_mean(within(kl).mean(2), seed=seed), "nats/step", len(kl))
    for index in range(len(network_kl) if len(network_kl) > 1 else 0):
        kl = within(network_kl)[index : index + 1].mean(2)
        add("kl_divergence", f"network, seed {index}", bootstrap_mean(kl, seed=seed), "nats/step", 1)

    excess = within(network_loss - bayes_loss).mean(2)
    add("excess_log_loss", "network", bootstrap_mean(excess, seed=seed), "nats/step", len(excess))
    gap = in_standard_errors((within(network_kl).mean(2) - excess).mean(0))
    rows.append(Measure("kl_minus_excess_log_loss", "network", gap, np.nan, np.nan, "paired standard errors", "tasks"))

    num_seeds = len(network_kl)
    for floor, measure in (("prior predictive", "share_of_prior_gap"), ("memoryless", "share_of_memoryless_gap")):
        denominator = np.broadcast_to(within(scores[floor][0]).mean(2), within(network_kl).mean(2).shape)
        share = bootstrap_ratio(within(network_kl).mean(2), denominator, seed=seed)
        add(measure, "network", share, "fraction", num_seeds)

    for name, loss in (("Bayes", bayes_loss), *((name, loss) for name, (_, loss) in scores.items())):
        regret = within(loss - oracle_loss).sum(2)
        add("regret_to_oracle", name, bootstrap_mean(regret, seed=seed), f"nats per {length} observations", len(loss))
    for name, loss in (("oracle", oracle_loss), ("Bayes", bayes_loss), ("network", network_loss)):
        add("log_loss", name, bootstrap_mean(within(loss).mean(2), seed=seed), "nats/step", len(loss))

    start = length
    for stop in _lengths_beyond(network_kl.shape[2], length):
        for name in ("network", "prior predictive"):
            kl = scores[name][0][:, :, start:stop].mean(2)
            interval = bootstrap_mean(kl, seed=seed)
            add(f"kl_divergence_from_{start}_to_{stop}", name, interval, "nats/step", len(kl))
        start = stop
    rows += _calibration_measures(tree, seed)
    rows += _order_measures(tree, seed)
    rows += _certificate_measures(tree, within(network_kl), seed)
    return rows


def _scores_by_predictor(tree: xr.DataTree) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """KL and log loss (`training_seed task time`) of the network and of every floor."""
    scores = {"network": _kl_and_loss(tree["network"].to_dataset())}
    if "untrained" in tree.children:
        scores["untrained network"] = _kl_and_loss(tree["untrained"].to_dataset())
    floors = tree["floors"].to_dataset()
    for name in floors["floor"].to_numpy():
        kl, loss = _kl_and_loss(floors.sel(floor=name))
        scores[str(name)] = kl[None], loss[None]
    return scores


def _kl_and_loss(dataset: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    return dataset["kl_divergence"].to_numpy(), dataset["log_loss"].to_numpy()


def _lengths_beyond(available: int, length: int) -> list[int]:
    lengths = []
    stop = 2 * length
    while stop <= available:
        lengths.append(stop)
        stop *= 2
    return lengths


def _calibration_measures(tree: xr.DataTree, seed: int) -> list[Measure]:
    dataset = tree["calibration"].to_dataset()
    names = [str(name) for name in dataset["predictor"].to_numpy()]
    rows = []
    for label, indices in (
        ("network", [i for i, name in enumerate(names) if name != "Bayes"]),
        ("Bayes", [names.index("Bayes")]),
    ):
        tables = Reliability(*(dataset[field].to_numpy()[indices].mean(0) for field in Reliability._fields))
        resampled = resampled_means(np.moveaxis(np.concatenate(tables, axis=1), 1, 0)[:, None, :], seed=seed)
        count, stated, observed = np.split(resampled, 3)
        errors = np.abs(stated - observed).sum(0) / count.sum(0)
        estimate = float(calibration_error(tables))
        errors = np.maximum(errors - errors.mean() + estimate, 0)  # resampling adds its own noise to absolute values
        tail = (1 - LEVEL) / 2
        interval = Interval(estimate, *np.quantile(errors, [tail, 1 - tail]).tolist())
        rows.append(Measure("calibration_error", label, *interval, "probability", "tasks"))
    return rows


def _order_measures(tree: xr.DataTree, seed: int) -> list[Measure]:
    if "order_cost" not in tree.children:
        return []
    dataset = tree["order_cost"].to_dataset()
    rows = []
    for position in dataset["position"].to_numpy():
        at = dataset.sel(position=position)
        for measure, variable in (("order_cost", "cost"), ("kl_divergence_over_orders", "mean_kl")):
            values = at[variable].to_numpy()
            interval = bootstrap_mean(values, seed=seed)
            rows.append(Measure(f"{measure}_after_{position}", "network", *interval, "nats", over(len(values))))
    return rows


def _certificate_measures(tree: xr.DataTree, network_kl: np.ndarray, seed: int) -> list[Measure]:
    if "certificate" not in tree.children:
        return []
    dataset = tree["certificate"].to_dataset()
    exact = dataset["kl_by_time"].to_numpy().mean(1)
    length = dataset.sizes["time"]
    mean = float(exact.mean())
    sampled = network_kl[:, :, :length].mean(2)
    interval = bootstrap_mean(sampled, seed=seed)
    gap = in_standard_errors(sampled.mean(0) - mean) if np.isfinite(mean) else float("nan")
    worst = float(dataset["worst_kl"].to_numpy().max())
    exactly = "nothing: exact for these networks"
    return [
        Measure(f"certified_kl_divergence_to_{length}", "network", mean, mean, mean, "nats/step", exactly),
        Measure(f"sampled_kl_divergence_to_{length}", "network", *interval, "nats/step", over(len(sampled))),
        Measure("sampled_minus_certified", "network", gap, np.nan, np.nan, "standard errors", "tasks"),
        Measure("worst_history_kl", "network", worst, worst, worst, "nats", exactly),
    ]


def _curves(tree: xr.DataTree, seed: int) -> xr.Dataset:
    """Mean KL and cumulative regret at every time, with percentile intervals."""
    scores = _scores_by_predictor(tree)
    oracle_loss = tree["reference"]["oracle_log_loss"].to_numpy()[None]
    bayes_loss = tree["reference"]["log_loss"].to_numpy()[None]
    kl = {name: curve_of(values, seed) for name, (values, _) in scores.items()}
    losses = {"Bayes": bayes_loss, **{name: loss for name, (_, loss) in scores.items()}}
    regret = {name: curve_of(np.cumsum(loss - oracle_loss, axis=2), seed) for name, loss in losses.items()}
    dataset = xr.Dataset(
        {
            "kl_divergence": (("predictor", "time", "bound"), np.stack(list(kl.values()))),
            "cumulative_regret": (("regret_predictor", "time", "bound"), np.stack(list(regret.values()))),
        },
        coords={"predictor": list(kl), "regret_predictor": list(regret), "bound": list(Interval._fields)},
    )
    return dataset


_SECTIONS = {
    "kl": (
        "KL from Bayes",
        "KL(Bayes‖predictor): nats lost by predicting with it where Bayes is right. 0 is Bayes-optimal.",
    ),
    "share": ("The network's error in proportion", "0 % is Bayes-optimal; 100 % is no better than the floor named."),
    "beyond": ("Beyond the scored length", "The same KL, for later predictions than those that are scored above."),
    "excess": (
        "Excess log loss",
        "Log loss of the network minus that of Bayes on the same sequences: KL by another estimate.",
    ),
    "regret": ("Regret to the oracle", "Cumulative log loss above that of an oracle which knows each task's latents."),
    "loss": ("Log loss", "Per prediction. Only the oracle, which knows the latents, can be better than Bayes."),
    "calibration": (
        "Calibration",
        "Mean distance between stated and observed frequency. Bayes is calibrated, so its row is sampling noise.",
    ),
    "order": (
        "Order of observations",
        "The order cost is what ignoring the order would save of the mean KL over reorderings. 0 is Bayes-optimal.",
    ),
    "certificate": ("Certificate", "KL(Bayes‖network), summed over every possible history: no sampling error."),
    "other": ("Other measures", ""),
}


_WORDINGS = (
    (r"kl_divergence", "kl", "KL per prediction"),
    (r"share_of_prior_gap", "share", "KL as a share of the prior predictive's"),
    (r"share_of_memoryless_gap", "share", "KL as a share of the memoryless predictor's"),
    (r"excess_log_loss", "excess", "excess log loss"),
    (r"kl_minus_excess_log_loss", "excess", "KL minus excess log loss"),
    (r"regret_to_oracle", "regret", "cumulative regret"),
    (r"log_loss", "loss", "log loss"),
    (r"calibration_error", "calibration", "calibration error"),
    (r"kl_divergence_from_(\d+)_to_(\d+)", "beyond", "KL per prediction after {0} to {last} observations"),
    (r"order_cost_after_(\d+)", "order", "order cost after {0} observations"),
    (r"kl_divergence_over_orders_after_(\d+)", "order", "mean KL over orders after {0} observations"),
    (r"certified_kl_divergence_to_(\d+)", "certificate", "exact KL of the first {0} predictions"),
    (r"sampled_kl_divergence_to_(\d+)", "certificate", "sampled KL of the first {0} predictions"),
    (r"sampled_minus_certified", "certificate", "sampled minus exact KL"),
    (r"worst_history_kl", "certificate", "KL after the worst history"),
)


def _role_of(predictor: str, measure: str) -> str:
    """What is scored, the best possible (ceiling), or what knows less than Bayes (floor)."""
    if predictor.startswith("network"):
        return "scored"
    if predictor == "oracle":
        return "knows the latents"
    if predictor == "Bayes":
        return "sampling noise" if measure == "calibration_error" else "ceiling"
    return "floor"


PREDICTION_VOCABULARY = Vocabulary(
    subject="Predictor",
    sections=_SECTIONS,
    measures=_WORDINGS,
    role_of=_role_of,
    roles="Ceiling: the best that can be reached; floor: what a predictor reaches that knows less than Bayes.",
    ceilings={"kl": "Bayes", "beyond": "Bayes"},
)
"""The words of comparisons of predictions."""
