"""Speed and memory, measured and printed beside the targets: `make bench`. Nothing here is asserted in a test.

Times are medians of several runs in one process, or of whole processes where start-up is what is measured; ratios
compare two things timed in turn within this run.
"""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

ROWS: list[tuple[str, str, str]] = []


def report(what: str, measured: str, target: str) -> None:
    """Print one line of the table as soon as it is known."""
    ROWS.append((what, measured, target))
    print(f"{what:<62} {measured:>24}   {target}", flush=True)


def seconds(function: Callable[[], object], *, repeats: int = 5) -> float:
    """Median wall time of a call, after one that is not counted."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def bench_start_up() -> None:
    """Whole processes: the command line's help and the two sides' imports, each without the other's framework."""
    programs = {
        "bayesgauge --help": ("from comparisons.__main__ import main; main(['--help'])", ("jax", "torch")),
        "import bayesopt": ("import bayesopt", ("torch",)),
        "import bayesopt and use its references": ("import bayesopt; bayesopt.predict_sequence", ("torch",)),
        "import metalearners": ("import metalearners", ("jax",)),
        "import metalearners and use its networks": ("import metalearners; metalearners.LSTMMetaLearner", ("jax",)),
    }
    for name, (code, absent) in programs.items():
        check = f"; import sys; sys.exit(any(name in sys.modules for name in {absent!r}))"
        command = [sys.executable, "-c", code + check]
        codes: list[int] = []
        wall = seconds(lambda c=command, k=codes: k.append(subprocess.run(c, capture_output=True).returncode))
        clean = "" if not any(codes) else f" LOADS {' or '.join(absent)}"
        report(name, f"{wall:.2f} s{clean}", "<= 1 s" if name.startswith("bayesgauge") else f"without {absent[0]}")


def bench_references() -> None:
    """Exact predictives of 10,000 tasks at 20 times, compiled."""
    import jax

    import bayesopt
    from bayesopt import families

    for identifier, cls in families.discover().items():
        family = cls()
        observations = bayesopt.sample_sequences(family, jax.random.key(0), num_tasks=10_000, length=20).observations
        wall = seconds(lambda f=family, o=observations: bayesopt.predict_sequence(f, o))
        report(f"exact reference, {identifier}, 10,000 tasks x 20", f"{wall * 1e3:.0f} ms", "<= 100 ms")


def bench_training() -> None:
    """Meta-training, tasks drawn as it goes, against a bare torch loop on stored tasks, timed in turn."""
    import torch

    from bayesopt.families import BetaBernoulli
    from comparisons.training import meta_train
    from metalearners import TrainingConfig

    num_steps = 1500
    training = TrainingConfig(num_steps=num_steps)
    torch.set_num_threads(1)
    stored = (torch.rand(64, training.batch_size, training.length) < 0.5).float()

    def bare() -> None:
        lstm, readout = torch.nn.LSTM(2, 32, batch_first=True), torch.nn.Linear(32, 1)
        parameters = [*lstm.parameters(), *readout.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=1e-3, fused=True)
        for step in range(num_steps):
            flips = stored[step % 64]
            inputs = torch.nn.functional.pad(torch.stack([1 - flips, flips], -1), (0, 0, 1, -1))
            logits = readout(lstm(inputs)[0])[..., 0]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, flips)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()

    def ours() -> None:
        meta_train(BetaBernoulli(), training=training)

    ratios, speeds = [], []
    ours()
    bare()
    for _ in range(3):
        start = time.perf_counter()
        bare()
        middle = time.perf_counter()
        ours()
        end = time.perf_counter()
        ratios.append((middle - start) / (end - middle))
        speeds.append(num_steps / (end - middle))
    report("meta-training, 128 x 20 coin flips a step, 1 thread", f"{statistics.median(speeds):.0f} steps/s", "")
    low, mid, high = min(ratios), statistics.median(ratios), max(ratios)
    report("  as a share of a bare torch.nn.LSTM loop", f"{mid:.2f} [{low:.2f}, {high:.2f}]", ">= 0.9")


def bench_comparison() -> None:
    """A whole comparison of one trained network, its certificate, and the peak memory of this process."""
    from bayesopt.families import BetaBernoulli
    from comparisons import certify, compare, meta_train, predictor_of
    from metalearners import TrainingConfig

    family = BetaBernoulli()
    network = meta_train(family, training=TrainingConfig(num_steps=50))
    start = time.perf_counter()
    compare(network, family)
    report("compare, 4,000 tasks x 80, first call (compiles)", f"{time.perf_counter() - start:.1f} s", "")
    report(
        "compare, 4,000 tasks x 80, later calls", f"{seconds(lambda: compare(network, family), repeats=3):.1f} s", ""
    )
    wall = seconds(lambda: certify(predictor_of(network), family, length=16), repeats=3)
    report("certificate, coin, T = 16", f"{wall:.2f} s", "<= 2 s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    report("peak memory of all the above in one process", f"{peak:.2f} GiB", "")


if __name__ == "__main__":
    print(f"{'what':<62} {'measured (median)':>24}   target")
    for bench in (bench_start_up, bench_references, bench_training, bench_comparison):
        bench()
