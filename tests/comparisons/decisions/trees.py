"""Small comparisons of decisions made by hand, measured as real ones are: no network is trained for them."""

import json

import numpy as np
import xarray as xr

from comparisons.decisions.kind import KIND
from comparisons.decisions.tree import SCHEMA
from comparisons.kind import measured
from comparisons.tree import validate

LENGTH = 4
NUM_TASKS = 30
STEPS = (1, 10, 100)
PLAYERS = ("optimal", "Gittins", "ε-greedy", "greedy", "Thompson", "UCB1", "uniform", "oracle")
DETAILED = 20
MARGINS = (0.0, 0.1, 0.2)
SHORTFALLS = {"network": 0.005, "untrained network": 1.2, "optimal": 0.0, "Gittins": 0.016, "ε-greedy": 0.3}
SHORTFALLS |= {"greedy": 0.06, "Thompson": 0.5, "UCB1": 0.7, "uniform": 1.2, "oracle": -0.5}
"""About what each agent of a made-up comparison of decisions loses per episode, in rewards."""


def made_up_decision_tree(
    *,
    num_seeds: int = 2,
    plan: bool = True,
    optional: bool = True,
    shortfalls: dict[str, float] = SHORTFALLS,
    family: str = "MadeUpBandit(rate=1.0)",
) -> xr.DataTree:
    """A measured comparison of decisions; without a plan there is no optimum, and what rests on it is NaN.

    With `optional` there are untrained networks, checkpoints and, with a plan, a certificate.
    """
    rng = np.random.default_rng(0)
    value, trial = 2.5, ("player", "detailed_task", "time")
    several = ["network", "untrained network"] if optional else ["network"]
    names = [(f"{name} {index}", name) for name in several for index in range(num_seeds)]
    names += [(name, name) for name in PLAYERS if plan or name != "optimal"]
    shape = (len(names), NUM_TASKS, LENGTH)
    scale = np.array([shortfalls[name] for _, name in names])[:, None, None] / LENGTH
    gap = scale * rng.gamma(4.0, 0.25, size=shape)
    best = rng.uniform(0.4, 0.9, NUM_TASKS)
    expected = value / LENGTH - gap + 1e-3 * rng.normal(size=shape)
    unknown = 1.0 if plan else np.nan
    probs = rng.uniform(0.05, 0.95, size=(len(names), DETAILED, LENGTH))
    repeats, is_after_loss = probs.copy(), rng.integers(2, size=probs.shape).astype(float)
    repeats[..., 0] = is_after_loss[..., 0] = np.nan
    thompson_kl = rng.gamma(2.0, size=probs.shape)
    thompson_kl[-2] = np.inf
    discounts = 0.9 ** np.arange(LENGTH)
    losses = rng.gamma(2.0, size=shape[:2]) * unknown
    losses[-3] *= np.inf if plan else 1.0
    share = np.array([0.5, 0.4, 0.1])[:, None]
    sums = {
        "rewards": (expected + 0.1 * rng.normal(size=shape)).sum(2),
        "discounted_rewards": expected @ discounts,
        "expected_rewards": expected.sum(2),
        "discounted_expected_rewards": expected @ discounts,
        "action_gap": gap.sum(2) * unknown,
        "discounted_action_gap": gap @ discounts * unknown,
        "optimal_set_log_loss": losses,
    }
    trials = {
        "action_gap": gap[:, :DETAILED] * unknown,
        "optimal_probs": probs * unknown,
        "expected_rewards": expected[:, :DETAILED],
        "thompson_kl": thompson_kl,
        "matching_distance": probs,
        "uncertain_probs": probs,
        "repeats": repeats,
        "is_after_loss": is_after_loss,
        "first_arm_probs": probs,
    }
    players = {"player": [player for player, _ in names]}
    margins = (gap.mean(1)[:, None] * share * unknown, np.broadcast_to(share, (len(names), 3, LENGTH)).copy())
    margins[1][:, 2, 0] = 0.0
    groups = {
        "tasks": xr.Dataset(
            {
                "expected_rewards": (("task", "arm"), np.stack([best, best / 2], axis=1)),
                "best_expected_reward": (("task",), best),
            }
        ),
        "totals": xr.Dataset({name: (("player", "task"), array) for name, array in sums.items()}, players),
        "trials": xr.Dataset({name: (trial, array) for name, array in trials.items()}, players),
        "margins": xr.Dataset(
            {
                name: (("player", "margin", "time"), array)
                for name, array in zip(("action_gap", "visits"), margins, strict=True)
            },
            players | {"margin": list(MARGINS)},
        ),
    }
    if optional:
        lost = rng.gamma(4.0, 0.25, size=(num_seeds, len(STEPS), NUM_TASKS)) / np.array(STEPS)[:, None]
        by_step = ("training_seed", "step", "task")
        convergence = {"action_gap": (by_step, lost * unknown), "expected_rewards": (by_step, value - lost)}
        groups["convergence"] = xr.Dataset(convergence, {"step": list(STEPS)})
    if optional and plan:
        exact = gap[:num_seeds].mean(1)
        certificate = {"gap_by_time": exact, "rewards_by_time": value / LENGTH - exact}
        groups["certificate"] = xr.Dataset(
            {name: (("training_seed", "time"), array) for name, array in certificate.items()},
            attrs={"num_histories": 85, "length": LENGTH},
        )
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {
        "schema": SCHEMA.name,
        "family": family,
        "family_id": "made_up_bandit",
        "network": "MadeUpPolicy (7 parameters)",
        "num_networks": num_seeds,
        "reference": "optimal" if plan else "Gittins",
        "length": LENGTH,
        "discount": 0.9,
        "evaluation": json.dumps({"num_tasks": NUM_TASKS, "length": LENGTH}),
        "seed": 0,
        "notes": json.dumps(["a note of this comparison"]),
        "versions": json.dumps({"python": "3.11.0", "bayesgauge": "0.1.0"}),
    }
    if plan:
        errors = {"optimal_value_error": 1e-13, "discounted_optimal_value_error": 1e-13}
        tree.attrs |= {"optimal_value": value, "discounted_optimal_value": 2.1, **errors}
    return measured(validate(tree, SCHEMA), KIND)
