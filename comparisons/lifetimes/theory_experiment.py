"""The experiment without networks: three answers to when learning pays, over a grid of settings and lifetimes."""

import dataclasses
from dataclasses import dataclass

from comparisons.experiment import AbstractExperiment, TrainingUnit, require_seeds
from comparisons.identity import require_plain_name
from metalearners.settings_fields import require_counts, require_reals


@dataclass(frozen=True)
class TheoryExperiment(AbstractExperiment):
    """The printed formula, the best explore-then-commit policy and the Bayes-optimal policy, over a grid of settings.

    Nothing is trained.
    """

    name: str
    """Name of the folder of its results."""
    reward_scales: tuple[float, ...]
    """Standard deviations of the unknown arm's rewards, in rewards."""
    prior_scales: tuple[float, ...]
    """Standard deviations of its mean over tasks, in rewards."""
    lifetimes: tuple[int, ...]
    """Trials."""
    training_seeds: tuple[int, ...] = (0,)
    seed: int = 0

    def __post_init__(self) -> None:
        require_plain_name(self.name, "name")
        require_seeds(self)
        require_reals(self, "reward_scales")
        require_reals(self, "prior_scales")
        require_counts(self, "lifetimes", least=1)
        for field in ("reward_scales", "prior_scales", "lifetimes"):
            values = getattr(self, field)
            if not values or list(values) != sorted(set(values)):
                raise ValueError(f"{field} must be at least one number, in ascending order; got {values!r}")

    @property
    def id(self) -> str:
        return self.name

    @property
    def question(self) -> str:
        return (
            "When does learning pay: by the printed formula, for the best explore-then-commit policy, and for the "
            "Bayes-optimal policy?"
        )

    def smoke(self) -> "TheoryExperiment":
        return dataclasses.replace(
            self,
            is_smoke=True,
            reward_scales=self.reward_scales[:: max(1, len(self.reward_scales) - 1)],
            prior_scales=self.prior_scales[:: max(1, len(self.prior_scales) - 1)],
            lifetimes=self.lifetimes[:1],
        )

    def require_feasible(self) -> None:
        """Any grid fits in memory."""

    def training_units(self) -> tuple[TrainingUnit, ...]:
        return ()
