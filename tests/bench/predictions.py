"""Prediction: exact references, meta-training beside a bare torch loop, a whole comparison and its certificate."""

import time

import jax
import torch

import bayesopt
from bayesopt import families
from bayesopt.family import AbstractPredictionFamily
from comparisons import certify, compare, meta_train, predictor_of
from metalearners import TrainingConfig
from tests.bench.table import in_turn, peak_memory, report, seconds, spread

NUM_STEPS = 1500


def bench() -> None:
    """References, training, comparison."""
    _bench_references()
    _bench_training()
    _bench_comparison()


def _bench_references() -> None:
    """Exact predictives of 10,000 tasks at 20 times, compiled."""
    for identifier, cls in families.discover().items():
        if not issubclass(cls, AbstractPredictionFamily):
            continue
        family = cls()
        observations = bayesopt.sample_sequences(family, jax.random.key(0), num_tasks=10_000, length=20).observations
        wall = seconds(lambda f=family, o=observations: bayesopt.predict_sequence(f, o))
        report(f"exact reference, {identifier}, 10,000 tasks x 20", f"{wall * 1e3:.0f} ms", "<= 100 ms")


def _bench_training() -> None:
    """Meta-training, tasks drawn as it goes, against a bare torch loop on stored tasks, timed in turn."""
    training = TrainingConfig(num_steps=NUM_STEPS)
    torch.set_num_threads(1)
    stored = (torch.rand(64, training.batch_size, training.length) < 0.5).float()

    def bare() -> None:
        lstm, readout = torch.nn.LSTM(2, 32, batch_first=True), torch.nn.Linear(32, 1)
        parameters = [*lstm.parameters(), *readout.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=1e-3, fused=True)
        for step in range(NUM_STEPS):
            flips = stored[step % 64]
            inputs = torch.nn.functional.pad(torch.stack([1 - flips, flips], -1), (0, 0, 1, -1))
            logits = readout(lstm(inputs)[0])[..., 0]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, flips)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()

    shares, walls = in_turn(lambda: meta_train(families.BetaBernoulli(), training=training), bare)
    report("meta-training, 128 x 20 coin flips a step, 1 thread", f"{NUM_STEPS / sorted(walls)[1]:.0f} steps/s")
    report("  as a share of a bare torch.nn.LSTM loop", spread(shares), ">= 0.9")


def _bench_comparison() -> None:
    """A whole comparison of one trained network, its certificate, and the peak memory of this process."""
    family = families.BetaBernoulli()
    network = meta_train(family, training=TrainingConfig(num_steps=50))
    start = time.perf_counter()
    compare(network, family)
    report("compare, 4,000 tasks x 80, first call (compiles)", f"{time.perf_counter() - start:.1f} s")
    report("compare, 4,000 tasks x 80, later calls", f"{seconds(lambda: compare(network, family), repeats=3):.1f} s")
    wall = seconds(lambda: certify(predictor_of(network), family, length=16), repeats=3)
    report("certificate, coin, T = 16", f"{wall:.2f} s", "<= 2 s")
    report("peak memory of this process so far", f"{peak_memory() / 1e3:.2f} GB")
