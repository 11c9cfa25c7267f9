"""Behaviour of single networks trial by trial, and their hidden states (the paper's figure 3)."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from comparisons.lifetimes.end_points import end_points
from comparisons.lifetimes.state_readouts import separation_of_kinds
from comparisons.lifetimes.tree import BEHAVIOUR
from comparisons.seams.fixed_arm_play import Stack, play_one
from comparisons.seams.fixed_arms import Setting, draw_fixed_arm_tasks
from comparisons.seeding import integer_for
from comparisons.statistics.state_geometry import (
    participation_ratio,
    policy_entropy,
    principal_coordinates,
    state_changes,
)

NUM_SHOWN_TASKS = 200
"""Lifetimes of each network; in half of them the unknown arm is better."""


DISTANCE = 3.0
"""Distance of the unknown arm's mean from the known arm's reward, on either side; in rewards."""


def behaviour_of(shown: Mapping[tuple[int, int], tuple[Stack, Setting]], *, seed: int) -> xr.Dataset:
    """Return behaviour and hidden states of every network (`shown task time`), in tasks whose better arm is plain.

    The unknown arm's mean is `DISTANCE` below the known arm's reward in the first half of the tasks and `DISTANCE`
    above it in the second half, whatever the prior. `bound` is estimate, lower, upper; intervals are over tasks.
    """
    rows: dict[str, list[np.ndarray]] = {}
    for stack, setting in shown.values():
        half = NUM_SHOWN_TASKS // 2
        generator = np.random.default_rng(integer_for(seed, "shown lifetimes"))
        alike = setting._replace(prior_scale=0.0)
        parts = [
            draw_fixed_arm_tasks([alike], generator, tasks_per_setting=half, prior_loc=side * DISTANCE)
            for side in (-1, 1)
        ]
        tasks = type(parts[0])(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
        played, states = play_one(stack, setting, tasks, seed=integer_for(seed, "shown actions"))
        coordinates = principal_coordinates(states, num_components=2)
        is_better, last_states = tasks.means > 0, states[:, -1]
        separation = separation_of_kinds(last_states, is_better, seed=integer_for(seed, "read-out"))
        row = {
            "is_pulled": played.is_pulled,
            "entropy": policy_entropy(played.action_probs),
            "is_better": is_better,
            "state_change": state_changes(states),
            "coordinates": coordinates.coordinates.astype(np.float32),
            "explained": coordinates.explained,
            "end_points": np.asarray(end_points(last_states, seed=seed).num_end_points),
            "participation_ratio": np.asarray(participation_ratio(states)),
            "read_out": np.asarray(separation.accuracy),
            "shuffled_read_out": np.asarray(separation.shuffled),
        }
        for name, values in row.items():
            rows.setdefault(name, []).append(np.asarray(values))
    dataset = xr.Dataset({name: (BEHAVIOUR[name], np.stack(values)) for name, values in rows.items()})
    return dataset.assign_coords(
        training_seed=("shown", [key[0] for key in shown]),
        cell=("shown", [key[1] for key in shown]),
        lifetime=("shown", [setting.lifetime for _, setting in shown.values()]),
        reward_scale=("shown", [setting.reward_scale for _, setting in shown.values()]),
        prior_scale=("shown", [setting.prior_scale for _, setting in shown.values()]),
    )
