"""A grid with one goal at a known place, and two better goals to search for."""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Float, Int

from bayesopt.family import AbstractTabularFamily
from bayesopt.foraging import ACTIONS, SMALLEST_SIDE, ForagingLayout, foraging_layout
from bayesopt.hyperparameters import require_count, require_positive
from bayesopt.planning.foraging import ForagingPlan, solve_foraging


@dataclass(frozen=True)
class ForagingGrid(AbstractTabularFamily):
    """Square grid with three goals: a small one at a fixed place, and a medium and a high one uniform over two rings.

    This is the grid world of Lange & Sprekeler 2020 (arXiv 2010.04466), with its cells at side 6. Cells are (x, y),
    the state is `y * side + x`, the start is (0, 0) at the bottom left; actions are up, down, left, right. The small
    goal is at (1, 1). The medium goal is in row or column side // 2, with coordinates from 1 to side // 2; the high
    goal is in the last row or column. (For other sides, the rings are our choice.) Entering a goal gives its reward
    and leads back to the start in the same step; goals never vanish. At a wall the agent stays and the step is used;
    the paper does not say what happens there.
    """

    title: ClassVar[str] = (
        "a grid of side {side} with goals of {small_reward}, {medium_reward} and {high_reward} rewards"
    )

    side: int = 6
    small_reward: float = 1.0
    medium_reward: float = 3.0
    high_reward: float = 6.0

    def __post_init__(self) -> None:
        require_count(self, "side", least=SMALLEST_SIDE)
        require_positive(self, "small_reward")
        require_positive(self, "medium_reward")
        require_positive(self, "high_reward")

    @property
    def num_states(self) -> int:
        return self.side**2

    @property
    def num_actions(self) -> int:
        return len(ACTIONS)

    @property
    def initial_state(self) -> int:
        return self.layout.start

    @property
    def layout(self) -> ForagingLayout:
        """Cells, candidate cells and rewards, which all tasks share."""
        return foraging_layout(self.side, (self.small_reward, self.medium_reward, self.high_reward))

    def model(self) -> None:
        for site, cells in (("medium_goal", self.layout.medium_cells), ("high_goal", self.layout.high_cells)):
            numpyro.sample(site, dist.CategoricalProbs(jnp.full(len(cells), 1 / len(cells))))

    def tables(self, latents: dict[str, Array]) -> tuple[Int[Array, "state action"], Float[Array, "state action"]]:
        layout = self.layout
        pays = jnp.zeros(self.num_states).at[layout.small_cell].set(self.small_reward)
        pays = pays.at[jnp.asarray(layout.medium_cells)[latents["medium_goal"]]].set(self.medium_reward)
        pays = pays.at[jnp.asarray(layout.high_cells)[latents["high_goal"]]].set(self.high_reward)
        reward = pays[layout.next_cell]
        return jnp.where(reward > 0, layout.start, layout.next_cell), reward

    def possible_latents(self) -> dict[str, Int[np.ndarray, "task"]]:
        shape = len(self.layout.medium_cells), len(self.layout.high_cells)
        medium, high = np.indices(shape).reshape(2, -1)
        return {"medium_goal": medium, "high_goal": high}

    def lifetime_plan(self, *, lifetime: int) -> ForagingPlan:
        return solve_foraging(self, lifetime=lifetime)
