"""Settings of a comparison of predictions; they import neither JAX nor torch."""

from dataclasses import dataclass

from comparisons.memory_needs import require_scores
from metalearners.settings_fields import require_at_least_one, require_count, require_counts


@dataclass(frozen=True)
class EvaluationConfig:
    """Settings of the evaluation of networks that predict."""

    num_tasks: int = 4000
    """Tasks that network, reference and floors all predict (paired)."""
    length: int = 20
    """Observations per task that the score is the mean over."""
    beyond: tuple[int, ...] = (2, 4)
    """Multiples of `length` up to which behaviour beyond it is also measured."""
    certificate_length: int = 16
    """Length of the exact sum over all histories; shortened where a family has too many outcomes for it."""
    order_tasks: int = 100
    """Histories that are reordered to measure the order cost."""
    convergence_tasks: int = 1000
    """Tasks on which each checkpoint is scored."""

    def __post_init__(self) -> None:
        for field in ("length", "certificate_length"):
            require_at_least_one(self, field)
        for field in ("num_tasks", "order_tasks", "convergence_tasks"):
            require_count(self, field, least=2)
        require_counts(self, "beyond", least=2)

    @property
    def longest(self) -> int:
        """Largest number of observations per task at which behaviour is measured."""
        return max([1, *self.beyond]) * self.length


def require_room_for_scores(evaluation: EvaluationConfig, *, num_networks: int) -> None:
    """Raise `ValueError` if the scores of so many networks do not fit in memory."""
    require_scores(evaluation.num_tasks, evaluation.longest, num_networks=num_networks)
