"""Whole processes: imports, each without the other side's framework, and the first call of a planning kernel."""

import os
import subprocess
import sys
import tempfile

from tests.bench.table import fresh_process, report, seconds

FIRST_CALL = """
import time
start = time.perf_counter()
import bayesopt.planning.{module} as planning
imported = time.perf_counter()
planning.{call}
print(time.perf_counter() - imported)
"""

CALLS = {
    "Bernoulli index": ("gittins", "bernoulli_gittins_index(1.0, 1.0, 0.99)", "<= 5 s"),
    "Bernoulli table": ("gittins", "bernoulli_gittins_table(20, 0.99)", "<= 5 s"),
    "finite horizon": ("dynamic_programming", "solve_bernoulli_bandit([[1, 1], [1, 1]], 20)", "<= 5 s"),
    "finite horizon, action values": (
        "dynamic_programming",
        "solve_bernoulli_bandit([[1, 1], [1, 1]], 20).action_values([1, 1], [1, 1])",
        "",
    ),
    "normal index": ("gittins", "normal_gittins_index(1, 0.9)", ""),
    "Gaussian finite horizon": ("dynamic_programming", "solve_gaussian_bandit([0, 0], [1, 1], 5)", ""),
}


def bench() -> None:
    """The command line's help and the two sides' imports, then compilation without and with its cache."""
    _bench_imports()
    _bench_compilation()


def _bench_imports() -> None:
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


def _bench_compilation() -> None:
    """The first call in a new process, with an empty cache of machine code and then with a full one."""
    for name, (module, call, target) in CALLS.items():
        code = FIRST_CALL.format(module=module, call=call)
        with tempfile.TemporaryDirectory() as cache:
            environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
            compiled, cached = (float(fresh_process(code, environment=environment)) for _ in range(2))
        report(f"first call, {name}: compiles", f"{compiled:.2f} s", target)
        report("  from the cache", f"{cached:.2f} s")
