"""Measures of predictions: KL from Bayes, regret, log loss, calibration, the order cost and certificates."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from comparisons.kind import Measure, Section
from comparisons.predictions.calibration import Reliability, calibration_error
from comparisons.rows import Over, Resampler, Row, curve_of, exactly, from_deviations, in_standard_errors
from comparisons.statistics.intervals import Interval
from comparisons.statistics.resampling import resampled_means

ScoresInTime = Float[np.ndarray, "_training_seed task time"]
"""What is no network has one training seed, whatever the networks have."""


@dataclass(frozen=True)
class Scores:
    """Scores of all predictors at every time, and the groups of the tree that some measures read."""

    tree: xr.DataTree
    length: int
    """Observations that the score is the mean over; scores go on beyond it."""
    kl: dict[str, ScoresInTime]
    """KL from Bayes in nats, of the network and of every floor."""
    loss: dict[str, ScoresInTime]
    """Log loss in nats, of the oracle, Bayes, the network and every floor."""

    def within(self, values: ScoresInTime) -> Float[np.ndarray, "training_seed task scored"]:
        """Return the part of the scored length."""
        return values[:, :, : self.length]

    def mean_kl(self, name: str) -> Float[np.ndarray, "training_seed task"]:
        """Return KL per prediction over the scored length."""
        return self.within(self.kl[name]).mean(2)


def scores_of(tree: xr.DataTree) -> Scores:
    """Return the scores of a comparison of predictions."""
    groups = {"network": tree["network"].to_dataset()}
    if "untrained" in tree.children:
        groups["untrained network"] = tree["untrained"].to_dataset()
    floors = tree["floors"].to_dataset()
    groups |= {str(name): floors.sel(floor=name).expand_dims("training_seed") for name in floors["floor"].to_numpy()}
    reference = {
        "oracle": tree["reference"]["oracle_log_loss"].to_numpy()[None],
        "Bayes": tree["reference"]["log_loss"].to_numpy()[None],
    }
    return Scores(
        tree,
        int(tree.attrs["length"]),
        kl={name: group["kl_divergence"].to_numpy() for name, group in groups.items()},
        loss=reference | {name: group["log_loss"].to_numpy() for name, group in groups.items()},
    )


def curves_of(scores: Scores) -> xr.Dataset:
    """Return mean KL and cumulative regret at every time, with intervals."""
    kl = {name: curve_of(values) for name, values in scores.kl.items()}
    oracle = scores.loss["oracle"]
    losses = {name: loss for name, loss in scores.loss.items() if name != "oracle"}
    regret = {name: curve_of(np.cumsum(loss - oracle, axis=2)) for name, loss in losses.items()}
    return xr.Dataset(
        {
            "kl_divergence": (("predictor", "time", "bound"), np.stack(list(kl.values()))),
            "cumulative_regret": (("regret_predictor", "time", "bound"), np.stack(list(regret.values()))),
        },
        coords={"predictor": list(kl), "regret_predictor": list(regret), "bound": list(Interval._fields)},
    )


def _kl_divergence(scores: Scores, over: Resampler) -> Iterator[Row]:
    for name in scores.kl:
        yield over.mean(name, scores.mean_kl(name))
    network = scores.mean_kl("network")
    for index in range(len(network) if len(network) > 1 else 0):
        yield over.mean("network", network[index : index + 1], training_seed=index)


def _share_of_prior_gap(scores: Scores, over: Resampler) -> Iterator[Row]:
    yield over.ratio("network", scores.mean_kl("network"), scores.mean_kl("prior predictive"))


def _share_of_memoryless_gap(scores: Scores, over: Resampler) -> Iterator[Row]:
    yield over.ratio("network", scores.mean_kl("network"), scores.mean_kl("memoryless"))


def _kl_beyond(scores: Scores, over: Resampler) -> Iterator[Row]:
    """KL in the octaves beyond the scored length: from one to two times the length, from two to four and so on."""
    start, available = scores.length, scores.kl["network"].shape[2]
    while 2 * start <= available:
        for name in ("network", "prior predictive"):
            yield over.mean(name, scores.kl[name][:, :, start : 2 * start].mean(2), first=start, last=2 * start - 1)
        start *= 2


def _excess_log_loss(scores: Scores, over: Resampler) -> Iterator[Row]:
    yield over.mean("network", _excess(scores))


def _kl_minus_excess_log_loss(scores: Scores, over: Resampler) -> Iterator[Row]:
    yield in_standard_errors("network", (scores.mean_kl("network") - _excess(scores)).mean(0))


def _excess(scores: Scores) -> Float[np.ndarray, "training_seed task"]:
    return scores.within(scores.loss["network"] - scores.loss["Bayes"]).mean(2)


def _regret_to_oracle(scores: Scores, over: Resampler) -> Iterator[Row]:
    for name, loss in scores.loss.items():
        if name != "oracle":
            yield over.mean(name, scores.within(loss - scores.loss["oracle"]).sum(2))


def _log_loss(scores: Scores, over: Resampler) -> Iterator[Row]:
    for name in ("oracle", "Bayes", "network"):
        yield over.mean(name, scores.within(scores.loss[name]).mean(2))


def _calibration_error(scores: Scores, over: Resampler) -> Iterator[Row]:
    dataset = scores.tree["calibration"].to_dataset()
    names = [str(name) for name in dataset["predictor"].to_numpy()]
    for who, indices in (
        ("network", [i for i, name in enumerate(names) if name != "Bayes"]),
        ("Bayes", [names.index("Bayes")]),
    ):
        tables = Reliability(*(dataset[field].to_numpy()[indices].mean(0) for field in Reliability._fields))
        resampled = resampled_means(np.moveaxis(np.concatenate(tables, axis=1), 1, 0)[:, None, :], seed=over.seed)
        count, stated, observed = np.split(resampled, 3)
        gaps = (stated - observed) / count.sum(0)
        found = (tables.stated - tables.observed).sum(0) / tables.num_statements.sum()
        deviations = np.abs(gaps - found[:, None]).sum(0)
        yield from_deviations(who, float(calibration_error(tables)), deviations, Over("tasks"), least=0)


def _order_cost(scores: Scores, over: Resampler) -> Iterator[Row]:
    yield from _by_position(scores, over, "cost")


def _kl_over_orders(scores: Scores, over: Resampler) -> Iterator[Row]:
    yield from _by_position(scores, over, "mean_kl")


def _by_position(scores: Scores, over: Resampler, variable: str) -> Iterator[Row]:
    if "order_cost" in scores.tree.children:
        values = scores.tree["order_cost"].to_dataset()[variable]
        for position in values["position"].to_numpy():
            yield over.mean("network", values.sel(position=position).to_numpy(), observations=int(position))


def _certified_kl(scores: Scores, over: Resampler) -> Iterator[Row]:
    if (exact := _exact_kl(scores)) is not None:
        yield exactly("network", float(exact.mean()), length=len(exact))


def _sampled_kl(scores: Scores, over: Resampler) -> Iterator[Row]:
    if (exact := _exact_kl(scores)) is not None:
        yield over.mean("network", scores.kl["network"][:, :, : len(exact)].mean(2), length=len(exact))


def _sampled_minus_certified(scores: Scores, over: Resampler) -> Iterator[Row]:
    if (exact := _exact_kl(scores)) is not None:
        sampled = scores.kl["network"][:, :, : len(exact)].mean((0, 2))
        yield in_standard_errors("network", sampled - float(exact.mean()))


def _worst_history_kl(scores: Scores, over: Resampler) -> Iterator[Row]:
    if "certificate" in scores.tree.children:
        yield exactly("network", float(scores.tree["certificate"]["worst_kl"].to_numpy().max()))


def _exact_kl(scores: Scores) -> Float[np.ndarray, "time"] | None:
    """Return the exact KL at each time, mean over training seeds, where there is a certificate."""
    if "certificate" not in scores.tree.children:
        return None
    return scores.tree["certificate"]["kl_by_time"].to_numpy().mean(0)


SECTIONS = (
    Section(
        "KL from Bayes",
        "KL(Bayes‖predictor): nats lost by predicting with it where Bayes is right. 0 is Bayes-optimal.",
        (Measure("kl_divergence", "KL per prediction", "nats/step", _kl_divergence, zero="Bayes"),),
    ),
    Section(
        "The network's error in proportion",
        "0 % is Bayes-optimal; 100 % is no better than the floor named.",
        (
            Measure("share_of_prior_gap", "KL as a share of the prior predictive's", "fraction", _share_of_prior_gap),
            Measure(
                "share_of_memoryless_gap",
                "KL as a share of the memoryless predictor's",
                "fraction",
                _share_of_memoryless_gap,
            ),
        ),
    ),
    Section(
        "Beyond the scored length",
        "The same KL, for later predictions than those that are scored above.",
        (
            Measure(
                "kl_beyond",
                "KL per prediction after {first} to {last} observations",
                "nats/step",
                _kl_beyond,
                zero="Bayes",
            ),
        ),
    ),
    Section(
        "Excess log loss",
        "Log loss of the network minus that of Bayes on the same sequences: KL by another estimate.",
        (
            Measure("excess_log_loss", "excess log loss", "nats/step", _excess_log_loss),
            Measure(
                "kl_minus_excess_log_loss",
                "KL minus excess log loss",
                "paired standard errors",
                _kl_minus_excess_log_loss,
            ),
        ),
    ),
    Section(
        "Regret to the oracle",
        "Cumulative log loss above that of an oracle which knows each task's latents.",
        (Measure("regret_to_oracle", "cumulative regret", "nats per {length} observations", _regret_to_oracle),),
    ),
    Section(
        "Log loss",
        "Per prediction. Only the oracle, which knows the latents, can be better than Bayes.",
        (Measure("log_loss", "log loss", "nats/step", _log_loss),),
    ),
    Section(
        "Calibration",
        "Mean distance between stated and observed frequency. Bayes is calibrated, so its row is sampling noise.",
        (
            Measure(
                "calibration_error",
                "calibration error",
                "probability",
                _calibration_error,
                roles={"Bayes": "sampling noise"},
            ),
        ),
    ),
    Section(
        "Order of observations",
        "The order cost is what ignoring the order would save of the mean KL over reorderings. 0 is Bayes-optimal.",
        (
            Measure("order_cost", "order cost after {observations} observations", "nats", _order_cost),
            Measure("kl_over_orders", "mean KL over orders after {observations} observations", "nats", _kl_over_orders),
        ),
    ),
    Section(
        "Certificate",
        "KL(Bayes‖network), summed over every possible history: no sampling error for these networks.",
        (
            Measure("certified_kl", "exact KL of the first {length} predictions", "nats/step", _certified_kl),
            Measure("sampled_kl", "sampled KL of the first {length} predictions", "nats/step", _sampled_kl),
            Measure("sampled_minus_certified", "sampled minus exact KL", "standard errors", _sampled_minus_certified),
            Measure("worst_history_kl", "KL after the worst history", "nats", _worst_history_kl),
        ),
    ),
)
"""All measures, in the order of the report."""
