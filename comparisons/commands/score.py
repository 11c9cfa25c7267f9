"""`bayesgauge score`: a network of your own, compared with Bayes."""

import warnings
from pathlib import Path
from typing import Annotated, Any

import tyro

from bayesopt import families
from bayesopt.family import AbstractBanditFamily, AbstractContextualBanditFamily, AbstractPredictionFamily
from comparisons.commands.answers import Output, OutputOptions, only_json, print_answer
from comparisons.commands.folders import require_writable
from comparisons.commands.names import family_named
from comparisons.commands.parsing import parse
from comparisons.comparing import compare
from comparisons.decisions.settings import DecisionEvaluationConfig
from comparisons.order.settings import OrderEvaluationConfig
from comparisons.predictions.evaluation import OutputConventionWarning
from comparisons.predictions.settings import EvaluationConfig
from comparisons.seams.networks import load_network

_SETTINGS = {
    AbstractPredictionFamily: EvaluationConfig,
    AbstractBanditFamily: DecisionEvaluationConfig,
    AbstractContextualBanditFamily: OrderEvaluationConfig,
}
"""Settings of the evaluation, by kind of family."""


def main(arguments: list[str]) -> int:
    """Compare a network of your own with Bayes."""
    named = next((word for word in arguments if not word.startswith("-")), "")
    family = families.load(named) if named in families.family_ids() else AbstractPredictionFamily
    kind = next((kind for base, kind in _SETTINGS.items() if issubclass(family, base)), EvaluationConfig)
    default = kind()

    def score(
        family: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="FAMILY")],
        *,
        network: str,
        weights: Path | None = None,
        head: str | None = None,
        evaluation: kind = default,  # pyright: ignore[reportInvalidTypeForm]
        seed: int = 0,
        output: Path = Path("results/score"),
        answer: OutputOptions = Output(),
    ) -> tuple[str, str, Path | None, str | None, Any, int, Path, Output]:
        """Compare your own torch module with the Bayes-optimal reference of a family, and write the report.

        Args:
            family: id of a family (see `bayesgauge list`).
            network: where your module comes from, as `package.module:factory`; the factory takes no arguments.
            weights: safetensors file with the module's weights; without it they are as the factory leaves them.
            head: how the outputs of a network for sequences are read, as docs/how_to_hand_in_a_network.md lists. By
                default, a logit or a logit per outcome (outcomes), mean and standard deviation before softplus (real
                numbers), or log concentration and log scale of a Lomax distribution (positive numbers). Others are
                bernoulli_prob, bernoulli_log_prob, categorical_probs, normal_scale, normal_log_scale,
                normal_variance, normal_log_variance, lomax.
            evaluation: what the network is scored on.
            seed: seed of the evaluation tasks.
            output: folder for the report and the numbers behind it.
            answer: how the answer is printed.
        """
        return family, network, weights, head, evaluation, seed, output, answer

    name, factory, weights, head, evaluation, seed, output, answer = parse(
        score, args=arguments, prog="bayesgauge score"
    )
    family: Any = family_named(name)()
    if not isinstance(family, tuple(_SETTINGS)):
        raise ValueError(f"networks are scored on sequences and bandits; for {name} use `bayesgauge run {name}`")
    require_writable(output, "--output")
    with only_json(answer.json), warnings.catch_warnings():
        warnings.simplefilter("ignore", OutputConventionWarning)  # the answer has it as a note
        comparison = compare(load_network(factory, weights), family, seed=seed, evaluation=evaluation, head=head)
        comparison.save(output / "comparison.nc")
        report = comparison.write_report(output)
    return print_answer(comparison, report, answer)
