"""Training data from JAX for torch, drawn in blocks of steps.

A network becomes a `Predictor`, a function from observations to a NumPyro distribution, which is also what exact
Bayes, the floors and a user's own callable are; nothing else in `comparisons` knows which side a prediction came from.
Arrays cross by copy, through NumPy.
"""

import abc
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import jax
from jaxtyping import Array

STEPS_PER_BLOCK = 64


class BlockStream(abc.ABC):
    """Training data for every step, as a pure function of the step.

    Drawn by JAX in blocks of steps; the next block is drawn in a thread while torch trains on this one.
    """

    def __init__(self, key: Array) -> None:
        self._key = key
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._blocks: dict[int, Future[Sequence[Any]]] = {}

    def __enter__(self) -> "BlockStream":
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    @abc.abstractmethod
    def draw(self, key: Array, num_steps: int) -> Sequence[Any]:
        """Return the data of a block of steps, one entry per step."""

    def block_row(self, step: int) -> Any:
        """Return the data of one step."""
        block, row = divmod(step, STEPS_PER_BLOCK)
        if block not in self._blocks or row == 0:
            self._blocks = {
                index: self._blocks.get(index)
                or self._thread.submit(self.draw, jax.random.fold_in(self._key, index), STEPS_PER_BLOCK)
                for index in (block, block + 1)
            }
        return self._blocks[block].result()[row]
