"""A tiny run is killed at any moment, resumes, and ends with what an undisturbed run leaves, byte for byte.

Cases go through who is killed (the whole group, the parent alone, the workers alone) and when (in training, evaluation,
measuring, rendering, and at some moment after the start). Five seconds after the parent is gone, so are its workers.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from comparisons.records import EXPERIMENT_FILE, write_settings
from comparisons.results import EVALUATION_FILE, MEASURES_FILE
from comparisons.stages import run_experiment
from comparisons.training import folder_of
from tests.campaigns._tiny import TWO_SEEDS, contents, undisturbed

COUNT = 200
SMALL = (4,)
PATIENCE = 120.0
"""Seconds that a program has to come to the moment at which it is killed, on a busy machine."""
LIFE_AFTER_DEATH = 5.0
"""Seconds after which no process of a killed run may be left."""
MOMENTS = ("training", "trained", "evaluated", "measured", "rendering", "some time")
"""What there is when the run is killed: a first checkpoint, the last, scores, measures, a file of the report."""
WHO = ("group", "parent", "workers")


def run_one(index: int, folder: Path) -> str:
    """Kill one run, resume it, and compare."""
    generator = random.Random(index)
    who = WHO[index % len(WHO)]
    moment = "training" if who == "workers" else MOMENTS[index // len(WHO) % len(MOMENTS)]
    results = folder / "results"
    wanted = contents(undisturbed(TWO_SEEDS, folder.parent))
    process = _start(folder, results)
    outcome = f"{who}-too-late"
    try:
        if _comes_to(process, folder_of(TWO_SEEDS, results), moment, generator):
            time.sleep(generator.uniform(0.0, 0.3))
            outcome = f"{who}-{moment}" if _kill(process, who) else outcome
        if who == "workers":
            assert process.wait(PATIENCE) == 0, "the run did not survive the death of its workers"
    finally:
        _end_group(process)
    run_experiment(TWO_SEEDS, results)
    found = contents(results)
    differing = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
    assert not differing, f"killed {who} when {moment}: {differing}"
    return outcome.replace(" ", "-")


def _start(folder: Path, results: Path) -> "subprocess.Popen[bytes]":
    """Start a run as a program, with processes for its units."""
    write_settings(TWO_SEEDS, folder)
    command = [sys.executable, "-m", "comparisons", "run", "--config", str(folder / EXPERIMENT_FILE)]
    path = os.pathsep.join([os.getcwd(), *sys.path])
    return subprocess.Popen(
        [*command, "--results", str(results)],
        env={**os.environ, "PYTHONPATH": path, "LOKY_MAX_CPU_COUNT": "2"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _comes_to(process: "subprocess.Popen[bytes]", run: Path, moment: str, generator: random.Random) -> bool:
    """Wait for the moment; return whether the run came to it before it ended."""
    units = [run / "checkpoints" / unit.name for unit in TWO_SEEDS.training_units()]
    last = max(TWO_SEEDS.training.checkpoint_steps())
    began, delay = time.monotonic(), generator.uniform(0.5, 12.0)
    has_come = {
        "training": lambda: any(any(path.glob("step-*")) for path in units),
        "trained": lambda: all((path / f"step-{last:06d}.safetensors").exists() for path in units),
        "evaluated": lambda: (run / EVALUATION_FILE).exists(),
        "measured": lambda: (run / MEASURES_FILE).exists(),
        "rendering": lambda: (run / "report").exists(),
        "some time": lambda: time.monotonic() - began > delay,
    }[moment]
    while not has_come():
        assert time.monotonic() - began < PATIENCE, f"the run did not come to {moment}"
        if process.poll() is not None:
            return False
        time.sleep(0.005)
    return process.poll() is None


def _kill(process: "subprocess.Popen[bytes]", who: str) -> bool:
    """Kill the group, the parent or its workers; return whether there was anyone. What is left must go by itself."""
    workers = [pid for pid in _group(process.pid) if pid != process.pid]
    if who == "workers":
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        return bool(workers)
    if who == "group":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    began = time.monotonic()
    while left := list(_group(process.pid)):
        assert time.monotonic() - began < LIFE_AFTER_DEATH, f"{len(left)} processes outlive their run"
        time.sleep(0.05)
    return True


def _group(number: int) -> Iterable[int]:
    """Yield the processes of a group that are alive."""
    listed = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        pid, group, state = line.split()
        if int(group) == number and not state.startswith("Z"):
            yield int(pid)


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
