"""Requirements on what a person hands in to be scored: modules, callables, policies, agents, regression predictors.

All are the same kind of thing here: a function from tasks, arrays of shape `task time ...`, to numbers of shape
`task time feature`. `check` runs it on a few tasks and on changed copies of them. It finds

- randomness, and states that carry over from one call to the next, by runs on the same tasks;
- leaks between tasks, by changing every set of other rows of a binary code of the rows, so that each row changes while
  each other one stays; by another order of the rows, and by a row alone;
- look-ahead, by changing tasks from a cut in time on. Up to `EXHAUSTIVE` observations every time is a cut, so every
  look-ahead of every distance is found. In longer tasks a fixed number of times are cuts, the first, the last and
  random ones. A look-ahead over any distance that happens throughout is still found; one that happens at a single
  time is found with the probability that a cut lies in its reach.

The cost is linear in the length of tasks. Rounding is told from a true dependence by its size, see `agree`.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from comparisons.seams.global_settings import seeded_alike, unchanged_settings
from comparisons.user_code import GUIDE, NetworkContractError

Tasks = tuple[Shaped[np.ndarray, "_task _time ..."], ...]
Numbers = Float[np.ndarray, "_task _time _feature"]

NUM_PROBES = 13
"""Tasks that a learner is tried on. A prime, so that few patterns of rows repeat within them."""

EXHAUSTIVE = 512
"""Observations up to which every time is a cut."""

CROWD = 64
"""Further rows of the large batch that a learner is tried on."""

_SAME_SHAPE = 64 * float(np.finfo(np.float32).eps)
"""Relative difference that counts as rounding between runs of one shape. Most do the same arithmetic before a cut; a
fast Fourier transform over 10,000 observations rounds by 15 units of the last place, depending on all of them."""

_OTHER_ROWS = 8 * float(np.finfo(np.float32).eps)
"""The same for rows whose task is unchanged: nothing in the arithmetic of a row depends on other rows."""

_OTHER_SHAPE = 512 * float(np.finfo(np.float32).eps)
"""The same between runs of different shapes or orders, whose sums are taken in another order."""


class Learner(NamedTuple):
    """What is checked: its name in messages, what it computes, and what it may see."""

    name: str
    run: Callable[[Tasks], Numbers]
    """Raises `NetworkContractError` where the learner fails or its outputs have another shape."""
    delays: tuple[int, ...] = (0,)
    """Of each array of tasks: output t may depend on its entries before t + delay."""
    is_stepwise: bool = False
    """Whether it is asked step by step, so that it cannot look ahead."""
    may_rule_out: bool = False
    """Whether minus infinity is a right output, as the log probability of an outcome that is ruled out."""
    rounding: float = float(np.finfo(np.float32).eps)
    """Relative rounding error of its arithmetic: of float32 or, in networks of half precision, more."""


def check(learner: Learner, tasks: Tasks) -> None:
    """Raise `NetworkContractError` unless a learner can be scored on tasks like these.

    Checked in this order: it runs and its outputs are finite numbers of the right shape; two runs agree; rows do not
    depend on one another, on their order or on their number; outputs do not depend on what comes later; it says the
    same after other calls; and it leaves global settings as they were.
    """
    rows = probes_among(tasks)
    probes = tuple(part[rows] for part in tasks)
    with unchanged_settings(learner.name):
        outputs = learner.run(probes)
        sized = np.where(np.isneginf(outputs), 0.0, outputs) if learner.may_rule_out else outputs
        require_finite(learner.name, sized)
        _require_repeatable(learner, probes, outputs)
        _require_tasks_apart(learner, probes, outputs)
        _require_no_crowding(learner, probes, outputs, tasks)
        if not learner.is_stepwise:
            _require_causal(learner, probes)
        if not agree(learner.run(probes), outputs):
            raise NetworkContractError(
                f"{learner.name} keeps a state between calls: the same observations give other outputs after other "
                f"calls; start every call from the same state ({GUIDE})"
            )


def agree(a: Numbers, b: Numbers, tolerance: float = _SAME_SHAPE) -> bool:
    """Return whether two runs agree up to rounding, relative to each number and to its feature's mean size.

    Runs of one shape do the same arithmetic in each row, so they differ by next to nothing; what is below a
    hundred-thousandth of an output cannot move a score that is reported.
    """
    return not _differs(a, b, tolerance).any()


def agree_across_shapes(a: Numbers, b: Numbers, rounding: float) -> bool:
    """Return whether runs on other numbers of rows agree; their sums are rounded in another order."""
    tolerance = max(_OTHER_SHAPE, 16 * rounding)
    return not _differs(a, b, tolerance, least=1.0).any()


def probes_among(tasks: Tasks, num_probes: int = NUM_PROBES) -> Int[np.ndarray, "probe"]:
    """Return indices of typical and of extreme tasks, whose first array has extreme means, spreads or values."""
    first = np.asarray(tasks[0], float).reshape(len(tasks[0]), -1)
    extremes = [first.mean(1).argmin(), first.mean(1).argmax(), first.std(1).argmin(), first.std(1).argmax()]
    extremes += [first.min(1).argmin(), first.max(1).argmax()]
    chosen = dict.fromkeys(map(int, extremes)) | dict.fromkeys(range(len(first)))
    return np.array(list(chosen)[:num_probes])


def _require_repeatable(learner: Learner, tasks: Tasks, outputs: Numbers) -> None:
    if agree(learner.run(tasks), outputs):
        return
    with seeded_alike():
        first = learner.run(tasks)
    with seeded_alike():
        is_random = agree(learner.run(tasks), first)
    if is_random:
        raise NetworkContractError(
            f"{learner.name} is random: two runs on the same observations differ; remove randomness in evaluation "
            f"mode ({GUIDE})"
        )
    raise NetworkContractError(
        f"{learner.name} is random or keeps a state between calls: two runs on the same observations differ; remove "
        f"randomness, and start every call from the same state ({GUIDE})"
    )


def _require_tasks_apart(learner: Learner, tasks: Tasks, outputs: Numbers) -> None:
    _require_rows_apart(learner, tasks, outputs)
    backwards = learner.run(tuple(part[::-1].copy() for part in tasks))[::-1]
    if not agree_across_shapes(backwards, outputs, learner.rounding):
        raise NetworkContractError(
            f"{learner.name} leaks between tasks: its outputs depend on the order of the rows of a batch ({GUIDE})"
        )
    alone = learner.run(tuple(part[-1:] for part in tasks))
    if not agree_across_shapes(alone, outputs[-1:], learner.rounding):
        raise NetworkContractError(
            f"{learner.name} leaks between tasks: a task alone gets other outputs than the same task in a batch "
            f"({GUIDE})"
        )


def _require_rows_apart(learner: Learner, tasks: Tasks, outputs: Numbers) -> None:
    """Change the rows of every code and look at the rest.

    Rows are changed to values that differ everywhere and, unless tasks are long, to neighbours; those of a stepwise
    learner to neighbours only, because made-up histories may be impossible.
    """
    is_long = outputs.shape[1] > EXHAUSTIVE
    for shift, is_changed in enumerate(_codes(len(outputs)), start=1):
        neighbours = tuple(np.roll(part, 1 + shift % (len(outputs) - 1), axis=0) for part in tasks)
        everywhere = tuple(_other_values(a, b, a) for a, b in zip(tasks, neighbours, strict=True))
        for other in (neighbours,) if learner.is_stepwise else (everywhere, neighbours)[: 1 if is_long else 2]:
            changed = tuple(np.where(_along(is_changed, a), b, a) for a, b in zip(tasks, other, strict=True))
            leaks = _differs(learner.run(changed)[~is_changed], outputs[~is_changed], _OTHER_ROWS).any((1, 2))
            if leaks.any():
                row = int(np.flatnonzero(~is_changed)[leaks.argmax()])
                raise NetworkContractError(
                    f"{learner.name} leaks between tasks: changing other rows of the batch changes the outputs of row "
                    f"{row}; rows are separate tasks, in shape (batch, time, …), e.g. batch_first=True ({GUIDE})"
                )


def _require_no_crowding(learner: Learner, probes: Tasks, outputs: Numbers, tasks: Tasks) -> None:
    """Compare rows of a small batch with the same rows of a large one."""
    crowd = tuple(np.concatenate([few, many[:CROWD]]) for few, many in zip(probes, tasks, strict=True))
    if not agree_across_shapes(learner.run(crowd)[: len(outputs)], outputs, learner.rounding):
        raise NetworkContractError(
            f"{learner.name} leaks between tasks: tasks in a large batch get other outputs than in a small one "
            f"({GUIDE})"
        )


def _require_causal(learner: Learner, tasks: Tasks) -> None:
    num_tasks, length = tasks[0].shape[:2]
    cuts = _cuts(length)
    repeats = 1 if length > EXHAUSTIVE else max(2, 64 // len(cuts))
    is_brief = np.repeat(np.arange(repeats) % 2 == 0, len(cuts)) if repeats > 1 else np.arange(len(cuts)) % 2 == 0
    cuts = np.tile(cuts, repeats)
    rows = np.arange(len(cuts)) % num_tasks
    before = tuple(part[rows] for part in tasks)
    after = tuple(
        _changed_from(part, _other_values(part, np.roll(whole, 1, axis=0)[rows], whole), cuts + delay, is_brief)
        for part, whole, delay in zip(before, tasks, learner.delays, strict=True)
    )
    is_before = np.arange(length) <= cuts[:, None]
    moved = _differs(learner.run(after), learner.run(before), _SAME_SHAPE).any(2) & is_before
    if moved.any():
        row = int(moved.any(1).argmax())
        time, cut = int(moved[row].argmax()), int(cuts[row])
        raise NetworkContractError(
            f"{learner.name} is not causal: changing observations from index {cut} on changes the output at index "
            f"{time}, which may depend on earlier observations only ({GUIDE})"
        )


def _codes(num_tasks: int) -> Iterator[Bool[np.ndarray, "task"]]:
    """Yield sets of rows such that for any two rows some set has the first and not the second."""
    rows = np.arange(num_tasks)
    for bit in range((num_tasks - 1).bit_length()):
        is_set = (rows >> bit) % 2 == 1
        yield is_set
        yield ~is_set


def _cuts(length: int) -> Int[np.ndarray, "cut"]:
    """Return the times from which tasks are changed: all of them, or a fixed number of a long task's."""
    if length <= EXHAUSTIVE:
        return np.arange(length)
    num_cuts = max(16, EXHAUSTIVE**2 // length)
    edges = [0, 1, 2, 3, length // 2, length - 4, length - 3, length - 2, length - 1]
    drawn = np.random.default_rng(length).choice(length, size=num_cuts - len(edges), replace=False)
    return np.unique([*edges, *drawn.tolist()])


def _changed_from(
    part: Shaped[np.ndarray, "cut time *rest"],
    other: Shaped[np.ndarray, "cut time *rest"],
    cuts: Int[np.ndarray, "cut"],
    is_brief: Bool[np.ndarray, "cut"],
) -> Shaped[np.ndarray, "cut time *rest"]:
    """Return tasks with other values from their cuts on, or only at the cut itself."""
    times = np.arange(part.shape[1])
    is_changed = np.where(is_brief[:, None], times == cuts[:, None], times >= cuts[:, None])
    return np.where(is_changed.reshape(*is_changed.shape, *([1] * (part.ndim - 2))), other, part)


def _other_values(part: np.ndarray, other: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return `other`, with the next larger one of `values` (or the smallest) where it is the same as `part`."""
    distinct = np.unique(values)
    following = distinct[(np.searchsorted(distinct, other) + 1) % len(distinct)]
    return np.where(other == part, following, other)


def _differs(a: Numbers, b: Numbers, tolerance: float, least: float = 0.0) -> Bool[np.ndarray, "task time feature"]:
    """Return which numbers differ by more than rounding; equal infinities agree."""
    finite = np.where(np.isfinite(b), np.abs(b), 0.0)
    typical = np.maximum(finite.mean((0, 1), keepdims=True), least)
    with np.errstate(invalid="ignore"):
        is_close = np.abs(a - b) <= tolerance * (finite + typical)
    return ~(is_close | (a == b) | (np.isnan(a) & np.isnan(b)))


def _along(is_changed: Bool[np.ndarray, "task"], part: np.ndarray) -> np.ndarray:
    return is_changed.reshape(-1, *([1] * (part.ndim - 1)))


def require_finite(name: str, outputs: Numbers) -> Numbers:
    """Return outputs that are finite. Raises `NetworkContractError` naming the first that is not."""
    if not np.isfinite(outputs).all():
        task, time = (int(i) for i in np.argwhere(~np.isfinite(outputs).all(-1))[0])
        raise NetworkContractError(
            f"{name} gives outputs that are not finite, first at (task, time) = ({task}, {time}) ({GUIDE})"
        )
    return outputs
