"""Settings of a comparison: frozen values, importable without JAX and torch."""

from dataclasses import dataclass

from metalearners.settings_fields import require_at_least_one, require_between, require_count


@dataclass(frozen=True)
class DecisionEvaluationConfig:
    """What agents are scored on."""

    num_tasks: int = 100_000
    """Tasks that every agent plays (paired: same luck for all)."""
    length: int = 20
    """Trials per task: the horizon that the optimum plans for."""
    discount: float = 0.95
    """Discount of the Gittins policy, and of the discounted returns that are reported beside the plain ones."""
    certificate_length: int = 10
    """First trials over which networks are also scored by the exact sum over all histories, where there are few."""
    detailed_tasks: int = 1000
    """Tasks of which scores are kept trial by trial, for curves."""
    convergence_tasks: int = 4000
    """Tasks on which each checkpoint is scored."""

    def __post_init__(self) -> None:
        for field in ("length", "certificate_length"):
            require_at_least_one(self, field)
        for field in ("num_tasks", "detailed_tasks", "convergence_tasks"):
            require_count(self, field, least=2)
        require_between(self, "discount", 0, 1, includes_low=False, includes_high=False)
