"""What a report calls the measures of a comparison of predictions, and whom they are of."""

from comparisons.wording import Vocabulary

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
