"""The foraging experiment: networks meta-trained for several lifetimes, compared with the exact optimum.

After Lange & Sprekeler 2020 (arXiv 2010.04466), figures 4, 5, 6 and 9. One network is trained per lifetime and
training seed. All are tested on the same tasks, in their own lifetime and in all others.
"""

import dataclasses
from dataclasses import dataclass

from bayesopt.families import ForagingGrid
from bayesopt.family import family_id
from bayesopt.planning.foraging import require_plan_memory
from bayesopt.titles import title_of
from comparisons.experiment import AbstractExperiment, TrainingUnit, require_seeds
from comparisons.memory_needs import require_scores, require_training
from metalearners.actor_critic_configs import ActorCriticConfig, InformedCritic, OwnCritic
from metalearners.configs import StackedLSTMConfig
from metalearners.schedules import Constant, Linear, Parabola
from metalearners.settings_fields import require_count, require_counts

LIFETIMES = (5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100)
"""Lifetimes for which the paper trains networks, over all its figures."""


TEST_LIFETIMES = (10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
"""Lifetimes of the paper's figure 6."""


TRAINING = ActorCriticConfig(
    num_steps=1200,
    batch_size=128,
    trace_decay=0.97,
    entropy_weight=Parabola(0.8, 0.8),
    reward_unit=6.0,
    learning_rate=0.006,
    critic=InformedCritic(hidden_size=64, auxiliary_weight=0.0),
    num_checkpoints=6,
)
"""Training by default: its batches, critic and schedules differ from the paper's."""


NETWORK = StackedLSTMConfig(hidden_size=96)
"""The network by default; the paper's has 256 units."""


PAPER_TRAINING = ActorCriticConfig(
    num_steps=142_857,
    batch_size=7,
    discount=Constant(0.99),
    trace_decay=1.0,
    entropy_weight=Linear(0.5, 0.01, 0.7),
    reward_unit=1.0,
    learning_rate=1e-3,
    is_one_cycle=False,
    second_moment_decay=0.999,
    weight_decay=0.0,
    max_gradient_norm=10.0,
    critic=OwnCritic(0.1),
    num_checkpoints=6,
)
"""The paper's table 2: a million lifetimes, seven per update.

The table prints that the entropy weight goes from 0.01 to 0.5. The two ends are taken to be swapped, since the text
speaks of annealing and table 1 prints a falling weight. Settings that the paper does not give, such as Adam's moments,
are torch's defaults.
"""


PAPER_MAP_TRAINING = dataclasses.replace(PAPER_TRAINING, discount=Linear(0.8, 1.0, 0.8))
"""Training of the agents in the paper's occupancy maps and figure 9: the discount rises over the first 800,000
lifetimes."""


PAPER_NETWORK = StackedLSTMConfig(hidden_size=256, is_orthogonal=True, is_initial_state_learned=True)
"""The paper's network, its table 2."""


FIRST_LIFETIME = 50
"""Steps of the lifetimes in which training begins: searching pays in them, and they cost less than longer ones.

Networks that only meet lifetimes of 15 to 30 steps stay with the medium goal, which undirected search finds first, as
the paper's networks do: at 20 steps such a network earned 0.59 per step, the return of the medium goal, while the
optimum is 0.72.
"""


TOO_SHORT = 10
"""Networks for lifetimes of at most this many steps are trained in that lifetime alone. Searching gains them at most
0.2 rewards, and networks that have learned to search keep searching."""


LEAVING, ARRIVING = 0.5, 0.85
"""Shares of the training at which lifetimes begin to change, in equal steps, and reach the training lifetime."""


@dataclass(frozen=True)
class ForagingExperiment(AbstractExperiment):
    """Meta-train networks to forage for several lifetimes, then test each of them in all."""

    family: ForagingGrid = ForagingGrid()
    """The tasks, with their prior."""
    lifetimes: tuple[int, ...] = LIFETIMES
    """Steps: one network is trained for each lifetime and training seed."""
    test_lifetimes: tuple[int, ...] = TEST_LIFETIMES
    """Steps: every network is tested in each; they must be among `lifetimes`."""
    network: StackedLSTMConfig = NETWORK
    """The network that is meta-trained; its longest memory is not longer than the lifetime."""
    training: ActorCriticConfig = TRAINING
    """How it is meta-trained; the lifetime is replaced by the one it is trained for."""
    first_lifetime: int | None = FIRST_LIFETIME
    """Steps of the lifetimes in which training begins, unless it is for `TOO_SHORT` ones; `None` for never."""
    num_tasks: int = 1000
    """Tasks of every test, the same for all networks and references."""
    num_state_tasks: int = 100
    """Number of them in which hidden states are recorded."""
    num_course_tasks: int = 250
    """Number of them on which checkpoints of training are tested."""
    training_seeds: tuple[int, ...] = (0, 1, 2)
    """Networks per lifetime; intervals are over seeds and tasks."""
    seed: int = 0
    """Seed of the evaluation: tasks, actions, resampling."""

    def __post_init__(self) -> None:
        require_seeds(self)
        for name in ("lifetimes", "test_lifetimes"):
            require_counts(self, name, least=1)
        for name in ("num_tasks", "num_state_tasks", "num_course_tasks"):
            require_count(self, name, least=2)
        if self.first_lifetime is not None:
            require_count(self, "first_lifetime", least=1)
        for name, values in (("lifetimes", self.lifetimes), ("test_lifetimes", self.test_lifetimes)):
            if not values or list(values) != sorted(set(values)):
                raise ValueError(f"{name} must be at least one, distinct, ascending and at least 1; got {values!r}")
        if missing := [lifetime for lifetime in self.test_lifetimes if lifetime not in self.lifetimes]:
            raise ValueError(f"test_lifetimes must be among lifetimes {self.lifetimes!r}; got {missing[0]}")
        for name in ("num_state_tasks", "num_course_tasks"):
            if not 2 <= getattr(self, name) <= self.num_tasks:
                raise ValueError(f"{name} must be from 2 to num_tasks ({self.num_tasks}); got {getattr(self, name)}")

    @property
    def id(self) -> str:
        return family_id(self.family)

    @property
    def question(self) -> str:
        return (
            "When do networks learn to forage, and when do they hard-code the goal they know, in "
            f"{title_of(self.family)}, for lifetimes of {self.lifetimes[0]} to {self.lifetimes[-1]} steps?"
        )

    def smoke(self) -> "ForagingExperiment":
        return dataclasses.replace(
            self,
            is_smoke=True,
            lifetimes=(5, 12),
            test_lifetimes=(5, 12),
            first_lifetime=None if self.first_lifetime is None else min(14, self.first_lifetime),
            network=dataclasses.replace(self.network, hidden_size=min(8, self.network.hidden_size)),
            training=dataclasses.replace(self.training, num_steps=3, batch_size=4, num_checkpoints=2),
            num_tasks=min(40, self.num_tasks),
            num_state_tasks=min(20, self.num_state_tasks),
            num_course_tasks=min(20, self.num_course_tasks),
            training_seeds=self.training_seeds[:2],
        )

    def require_feasible(self) -> None:
        longest = self.test_lifetimes[-1]
        require_plan_memory(self.family, lifetime=longest)
        require_training(self.network, batch_size=self.training.batch_size, length=max(self.lifetimes))
        require_scores(self.num_tasks, longest, num_networks=1)

    def training_units(self) -> tuple[TrainingUnit, ...]:
        """Return one unit per lifetime and seed, the longest lifetimes first, because they take longest."""
        return tuple(
            TrainingUnit(f"lifetime-{lifetime:03d}-seed-{seed:02d}", seed, index)
            for index, lifetime in enumerate(reversed(self.lifetimes))
            for seed in self.training_seeds
        )

    def lifetime_of(self, unit: TrainingUnit) -> int:
        """Return the lifetime that the network of a unit is trained for."""
        return self.lifetimes[len(self.lifetimes) - 1 - unit.index]

    def lifetime_at(self, lifetime: int, step: int) -> int:
        """Return the lifetime in which a network for `lifetime` is trained at 0-based step `step`."""
        if self.first_lifetime is None or lifetime <= TOO_SHORT:
            return lifetime
        progress = step / self.training.num_steps
        left = min(1.0, max(0.0, (ARRIVING - progress) / (ARRIVING - LEAVING)))
        return round(lifetime + (self.first_lifetime - lifetime) * left)

    def network_of(self, lifetime: int) -> StackedLSTMConfig:
        """Return the network that is trained for a lifetime: it remembers no longer than that."""
        return dataclasses.replace(self.network, longest_memory=min(lifetime, self.network.longest_memory))


AS_PRINTED = {
    "foraging_grid_as_printed": ForagingExperiment(network=PAPER_NETWORK, training=PAPER_TRAINING, first_lifetime=None),
    "foraging_grid_maps_as_printed": ForagingExperiment(
        lifetimes=(10, 20, 30, 50, 100),
        test_lifetimes=(10, 20, 30, 50, 100),
        network=PAPER_NETWORK,
        training=PAPER_MAP_TRAINING,
        first_lifetime=None,
    ),
}
"""The paper's own settings, by name. On one core, a network for 100 steps takes about 6 hours and others in proportion:
100 hours for the first, 40 for the second, each with three training seeds."""
