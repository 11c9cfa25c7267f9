"""From scores of foragers to numbers a person reads: each an estimate with an interval, a unit, and what it is over.

Rows are of "network, lifetime T", the networks trained for T steps, and of whom they lie between: the small goal for
ever and untrained networks, the exact optimum and full information. Unless a measure says otherwise, all are tested
in the longest lifetime.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float

from comparisons.foraging.transfer import lifetime_transfer
from comparisons.kind import Vocabulary
from comparisons.rows import Measure, curve_of, in_standard_errors, over
from comparisons.seeding import integer_for
from comparisons.statistics.intervals import LEVEL, Interval, bootstrap_mean, percentile_interval, resampled_means

GOALS = ("small_goals", "medium_goals", "high_goals")


SHARES = {"shortest_trips": "high_trips", "late_small_goals": "known_small_goals"}
"""Counts that are shares of other counts."""


EXACTLY = "nothing: exact"


_EXACTLY_KNOWN = ("return", "share_of_optimum")


_OF_LEARNERS = (*_EXACTLY_KNOWN, "lost_rewards", "optimal_probs")
"""Measures that say nothing of who knows the task: choices are judged by what a learner can know."""


_NORMAL = 1.959963984540054
"""Standard errors on either side in an interval of `LEVEL`."""


def trained_for(lifetime: int) -> str:
    """What networks trained for a lifetime are called in the table of results."""
    return f"network, lifetime {lifetime}"


def longer(first: int, last: int) -> str:
    """What a change from one training lifetime to a longer one is called there."""
    return f"networks, lifetime {first} to {last}"


def with_foraging_measures(tree: xr.DataTree, *, seed: int) -> xr.DataTree:
    """The tree with two more groups: `measures`, the table of results, and `curves`, returns in the course of training.

    Where a network diverged, what is said of its lifetime is NaN.
    """
    resampling = integer_for(seed, "bootstrap")
    table = pd.DataFrame(list(_measures(tree, resampling)))
    measures = xr.Dataset({name: (("row",), table[name].to_numpy()) for name in table.columns})
    return tree.assign(
        {
            "measures": xr.DataTree(measures.assign_attrs(level=LEVEL)),
            "curves": xr.DataTree(_curves(tree, resampling)),
        }
    )


def _measures(tree: xr.DataTree, seed: int) -> Iterator[Measure]:
    networks = tree["networks"].to_dataset().astype(float)
    lifetimes = [int(lifetime) for lifetime in networks["train_lifetime"].to_numpy()]
    longest = int(networks["test_lifetime"].to_numpy()[-1])
    at_longest = networks.sel(test_lifetime=longest)
    unscaled = tree["unscaled"].to_dataset().astype(float)
    exact = {str(name): float(values[-1]) for name, values in tree["exact"].data_vars.items()}
    for lifetime in lifetimes:
        found = at_longest.sel(train_lifetime=lifetime)
        label = trained_for(lifetime)
        yield from _of_player(found, label, longest, exact["optimal"], seed)
        lost, collected = found["action_gap"].to_numpy(), found["rewards"].to_numpy()
        gap = in_standard_errors((lost - (exact["optimal"] - collected)).mean(axis=0))
        yield Measure("gap_minus_lost_rewards", label, gap, np.nan, np.nan, "standard errors", "tasks")
        own_time = unscaled.sel(train_lifetime=lifetime)["rewards"].to_numpy()
        yield _mean("return_by_own_time", label, own_time, _per(longest), seed)
    untrained = tree["untrained"].to_dataset().astype(float).sel(test_lifetime=longest)
    yield from _of_player(untrained, "untrained network", longest, exact["optimal"], seed)
    yield from _of_references(tree, longest, exact, seed)
    yield from _in_own_lifetime(networks, tree["exact"].to_dataset(), seed)
    yield from _growth(at_longest, lifetimes, longest, seed)
    yield from _transfer_rows(networks, seed)
    yield from _of_states(tree["states"].to_dataset().astype(float), lifetimes)


def _of_player(found: xr.Dataset, label: str, longest: int, optimal: float, seed: int) -> Iterator[Measure]:
    """Everything that is measured of networks and references alike; variables are over seeds and tasks."""
    values = {str(name): found[name].to_numpy() for name in found.data_vars}
    yield _mean("return", label, values["rewards"], _per(longest), seed)
    yield _mean("share_of_optimum", label, values["rewards"] / optimal, "fraction", seed)
    yield _mean("lost_rewards", label, values["action_gap"], _per(longest), seed)
    for goal in GOALS:
        yield _mean(goal, label, values[goal], f"per {longest} steps", seed)
    yield _mean("optimal_probs", label, values["optimal_probs"], "fraction", seed)
    for part, whole in SHARES.items():
        yield _share(part, label, values[part], values[whole], seed)
    yield _mean("idle_steps", label, values["idle_steps"], "steps", seed)


def _of_references(tree: xr.DataTree, longest: int, exact: dict[str, float], seed: int) -> Iterator[Measure]:
    """The exact values, the references at play, and whether they earn what they must."""
    expected = {"optimal": "optimal", "small goal": "small_goal", "informed oracle": "full_information"}
    played = tree["references"].to_dataset().astype(float).sel(test_lifetime=longest)
    for reference, value in expected.items():
        worth = exact[value]
        yield Measure("return", reference, worth, worth, worth, _per(longest), EXACTLY)
        share = worth / exact["optimal"]
        yield Measure("share_of_optimum", reference, share, share, share, "fraction", EXACTLY)
        found = played.sel(reference=reference).expand_dims("training_seed")
        for row in _of_player(found, reference, longest, exact["optimal"], seed):
            if row.measure not in (_OF_LEARNERS if reference == "informed oracle" else _EXACTLY_KNOWN):
                yield row
        apart = in_standard_errors(found["rewards"].to_numpy()[0] - worth)
        yield Measure("played_minus_exact", reference, apart, np.nan, np.nan, "standard errors", "tasks")
    gains = tree["exact"].dataset["optimal"].to_numpy() - tree["exact"].dataset["small_goal"].to_numpy()
    pays = np.flatnonzero(gains > 1e-9)
    first = float(pays[0] + 1) if len(pays) else np.inf
    yield Measure("shortest_learning_lifetime", "optimal", first, first, first, "steps", EXACTLY)


def _in_own_lifetime(networks: xr.Dataset, exact: xr.Dataset, seed: int) -> Iterator[Measure]:
    """How networks do in the lifetime that they were trained for."""
    for lifetime in networks["test_lifetime"].to_numpy().tolist():
        own = networks.sel(train_lifetime=lifetime, test_lifetime=lifetime)
        value = float(exact["optimal"].sel(lifetime=lifetime))
        rewards = own["rewards"].to_numpy()
        label = trained_for(lifetime)
        yield _mean("own_return_per_step", label, rewards / lifetime, "rewards per step", seed)
        yield _mean("own_share_of_optimum", label, rewards / value, "fraction", seed)
        yield _mean("own_lost_share", label, own["action_gap"].to_numpy() / value, "fraction", seed)
        yield _mean("own_optimal_probs", label, own["optimal_probs"].to_numpy(), "fraction", seed)


def _growth(at_longest: xr.Dataset, lifetimes: Sequence[int], longest: int, seed: int) -> Iterator[Measure]:
    """What the longest training lifetime changes, and whether returns rise with it all along."""
    first, last = (at_longest.sel(train_lifetime=lifetime) for lifetime in (lifetimes[0], lifetimes[-1]))
    label = longer(lifetimes[0], lifetimes[-1])
    for name, variable, unit in (
        ("return_gain", "rewards", _per(longest)),
        *((f"{goal}_gain", goal, f"per {longest} steps") for goal in GOALS),
    ):
        yield _mean(name, label, (last[variable] - first[variable]).to_numpy(), unit, seed)
    rewards = at_longest["rewards"].transpose("train_lifetime", "training_seed", "task").to_numpy()
    if np.isfinite(rewards).all() and len(lifetimes) > 2:
        resampled = resampled_means(rewards, seed=seed)
        estimate = _rank_correlation(rewards.mean(axis=(1, 2))[:, None])[0]
        interval = percentile_interval(float(estimate), _rank_correlation(resampled))
    else:
        interval = Interval(np.nan, np.nan, np.nan)
    seeds = over(at_longest.sizes["training_seed"])
    yield Measure("return_rank_correlation", label, *interval, "rank correlation", seeds)


def _rank_correlation(values: Float[np.ndarray, "lifetime resample"]) -> Float[np.ndarray, "resample"]:
    """Spearman's, of each column with its order from top to bottom; values do not tie."""
    ranks = values.argsort(axis=0).argsort(axis=0)
    count = len(values)
    squares = ((ranks - np.arange(count)[:, None]) ** 2).sum(axis=0)
    return 1 - 6 * squares / (count * (count**2 - 1))


def _transfer_rows(networks: xr.Dataset, seed: int) -> Iterator[Measure]:
    """Every lifetime in every other, without those of which a network diverged."""
    rewards = networks["rewards"].transpose("train_lifetime", "test_lifetime", "training_seed", "task").astype(float)
    is_finite = np.asarray(np.isfinite(rewards.to_numpy()).all(axis=(1, 2, 3)))
    train = [int(t) for t, kept in zip(rewards["train_lifetime"].to_numpy(), is_finite, strict=True) if kept]
    test = [int(t) for t in rewards["test_lifetime"].to_numpy() if t in train]
    if not test:
        return
    kept = rewards.sel(train_lifetime=train, test_lifetime=test).to_numpy()
    transfer = lifetime_transfer(kept, np.array(train), np.array(test), seed=seed)
    seeds = over(networks.sizes["training_seed"])
    for name, table, unit in (
        ("return_per_step", transfer.returns, "rewards per step"),
        ("transfer_loss", transfer.losses, "%"),
    ):
        for row, trained in enumerate(train):
            for column, lifetime in enumerate(test):
                if name == "transfer_loss" and trained == lifetime:
                    continue
                interval = Interval(*(float(part[row, column]) for part in table))
                yield Measure(f"{name}_in_{lifetime}", trained_for(trained), *interval, unit, seeds)
    yield Measure("mismatch_slope", "networks", *transfer.mismatch_slope, "% per doubling", seeds)


def _of_states(states: xr.Dataset, lifetimes: Sequence[int]) -> Iterator[Measure]:
    """In how many dimensions hidden states spread; intervals are normal, from those over tasks and from the seeds."""
    ratios = states["participation_ratio"].to_numpy()
    explained = states["explained"].sum("component", skipna=False).to_numpy()
    errors = (ratios[..., 2] - ratios[..., 1]) / (2 * _NORMAL)
    found = {
        "participation_ratio": (ratios[..., 0], errors, "dimensions"),
        "explained_by_three": (explained, np.zeros_like(explained), "fraction"),
    }
    seeds = over(len(explained))
    for name, (values, within, unit) in found.items():
        means, spreads = values.mean(axis=0), _standard_errors(values, within)
        for lifetime, mean, spread in zip(lifetimes, means, spreads, strict=True):
            yield Measure(name, trained_for(lifetime), *_normal(mean, spread), unit, seeds)
        for first, last in ((10, 20), (20, 50), (10, 50)):
            if first in lifetimes and last in lifetimes:
                one, other = lifetimes.index(first), lifetimes.index(last)
                interval = _normal(means[other] - means[one], float(np.hypot(spreads[one], spreads[other])))
                yield Measure(f"{name}_gain", longer(first, last), *interval, unit, seeds)


def _standard_errors(
    values: Float[np.ndarray, "training_seed lifetime"], within: Float[np.ndarray, "training_seed lifetime"]
) -> Float[np.ndarray, "lifetime"]:
    """Of means over seeds: from the spread over seeds or, where it is larger, from that over tasks."""
    count = len(values)
    between = values.var(axis=0, ddof=1) if count > 1 else np.zeros(values.shape[1])
    return np.sqrt(np.maximum(between, (within**2).mean(axis=0)) / count)


def _normal(mean: float, error: float) -> Interval:
    """An interval of so many standard errors; none where there is nothing to tell the error from."""
    half = _NORMAL * error if error > 0 else np.nan
    return Interval(float(mean), float(mean - half), float(mean + half))


def _mean(name: str, label: str, values: Float[np.ndarray, "training_seed task"], unit: str, seed: int) -> Measure:
    return Measure(name, label, *bootstrap_mean(values, seed=seed), unit, over(len(values)))


def _share(name: str, label: str, part: np.ndarray, whole: np.ndarray, seed: int) -> Measure:
    """A ratio of means; NaN where there is nothing to take a share of."""
    interval = Interval(np.nan, np.nan, np.nan)
    if np.isfinite(part).all() and whole.sum() > 0:
        above, below = resampled_means(np.stack([part, whole]), seed=seed)
        shares = np.divide(above, below, out=np.full(len(below), np.nan), where=below > 0)
        interval = percentile_interval(float(part.mean() / whole.mean()), np.minimum(shares, 1.0))
    return Measure(name, label, *interval, "fraction", over(len(part)))


def _per(lifetime: int) -> str:
    return f"rewards per {lifetime} steps"


def _curves(tree: xr.DataTree, seed: int) -> xr.Dataset:
    """What networks collect in the longest lifetime in the course of training, with percentile intervals."""
    course = tree["course"].dataset["rewards"].astype(float)
    returns = []
    for lifetime in course["train_lifetime"].to_numpy():
        values = course.sel(train_lifetime=lifetime).transpose("training_seed", "course_task", "step").to_numpy()
        curve = curve_of(np.nan_to_num(values), seed)
        is_finite = np.asarray(np.isfinite(values).all(axis=(0, 1)))
        returns.append(np.where(is_finite[:, None], curve, np.nan))
    coordinates = {"bound": list(Interval._fields)} | {
        name: course[name].to_numpy() for name in ("train_lifetime", "step")
    }
    return xr.Dataset({"returns": (("train_lifetime", "step", "bound"), np.stack(returns))}, coords=coordinates)


def train_lifetimes(tree: xr.DataTree) -> list[int]:
    """The lifetimes that networks were trained for."""
    return [int(lifetime) for lifetime in tree["networks"].dataset["train_lifetime"].to_numpy()]


def longest_lifetime(tree: xr.DataTree) -> int:
    """The longest lifetime that is tested."""
    return int(tree["networks"].dataset["test_lifetime"].to_numpy()[-1])


_SECTIONS = {
    "return": (
        "What is earned in the longest lifetime",
        "All networks are tested in the longest lifetime, whatever they were trained for. The exact optimum is the "
        "ceiling of all who do not know the task; the small goal for ever and untrained networks are floors.",
    ),
    "goals": (
        "Which goals are entered",
        "In the longest lifetime. Ties between optimal ways leave the optimum's numbers some freedom.",
    ),
    "choices": (
        "How steps are chosen",
        "In the longest lifetime. Choices are optimal, or cost rewards, in the player's own situation, given what it "
        "can know; ties count as optimal. Trips to the high goal are those after it was first entered. An optimal "
        "policy may take the small goals that fill up its time late or early.",
    ),
    "own": (
        "In the lifetime that was trained for",
        "Rewards lost are those of choices that are followed by optimal ones: 0 is optimal.",
    ),
    "transfer": (
        "In lifetimes of other lengths",
        "Losses are beside networks that were trained for the tested lifetime: 0 is as good, below 0 better.",
    ),
    "growth": (
        "What longer training lifetimes change",
        "Differences between networks that were trained for the two lifetimes.",
    ),
    "states": (
        "Hidden states",
        "A participation ratio is between 1 and the number of units. Intervals are normal, from the spread over "
        "training seeds or, where it is larger, over tasks.",
    ),
    "exact": ("Exact values and checks", "Differences of two estimates of one number should be within 4."),
    "other": ("Other measures", ""),
}


_MEASURES = (
    ("return", "return", "return"),
    ("share_of_optimum", "return", "return, as a share of the exact optimum"),
    ("return_by_own_time", "return", "return if time is told in units of the training lifetime"),
    ("small_goals", "goals", "entries of the small goal"),
    ("medium_goals", "goals", "entries of the medium goal"),
    ("high_goals", "goals", "entries of the high goal"),
    ("lost_rewards", "choices", "expected rewards lost by choices (0: optimal)"),
    ("optimal_probs", "choices", "probability on optimal actions"),
    ("shortest_trips", "choices", "trips to the high goal by a shortest way"),
    ("late_small_goals", "choices", "small goals after which no better one is entered, of those since the high one"),
    ("idle_steps", "choices", "steps after the last goal"),
    ("own_return_per_step", "own", "return per step"),
    ("own_share_of_optimum", "own", "return, as a share of the exact optimum"),
    ("own_lost_share", "own", "expected rewards lost by choices, as a share of the optimum"),
    ("own_optimal_probs", "own", "probability on optimal actions"),
    (r"return_per_step_in_(\d+)", "transfer", "return per step in lifetimes of {0} steps"),
    (r"transfer_loss_in_(\d+)", "transfer", "loss in lifetimes of {0} steps"),
    ("mismatch_slope", "transfer", "loss for each doubling of the one lifetime over the other"),
    ("return_gain", "growth", "return"),
    ("small_goals_gain", "growth", "entries of the small goal"),
    ("medium_goals_gain", "growth", "entries of the medium goal"),
    ("high_goals_gain", "growth", "entries of the high goal"),
    ("return_rank_correlation", "growth", "rank correlation of return and training lifetime (1: rises all along)"),
    ("participation_ratio_gain", "growth", "participation ratio"),
    ("explained_by_three_gain", "growth", "share of variance along three components"),
    ("participation_ratio", "states", "participation ratio"),
    ("explained_by_three", "states", "share of variance along three principal components"),
    ("shortest_learning_lifetime", "exact", "shortest lifetime in which learning pays"),
    ("played_minus_exact", "exact", "rewards earned in play, minus the exact value"),
    ("gap_minus_lost_rewards", "exact", "summed action gaps, minus optimum minus return"),
)


def _role_of(label: str, measure: str) -> str:
    if label.startswith("network"):
        return "scored"
    if label == "informed oracle":
        return "knows the latents"
    return "ceiling" if label == "optimal" else "floor"


FORAGING_VOCABULARY = Vocabulary(
    subject="Forager",
    sections=_SECTIONS,
    measures=_MEASURES,
    role_of=_role_of,
    roles="Scored: networks, by the lifetime they were trained for. Ceiling: the Bayes-optimal policy. Floors: walking "
    "to the small goal for ever, and networks that were not trained. The informed oracle knows where all goals are.",
    ceilings={},
)
"""The words of comparisons of foragers."""
