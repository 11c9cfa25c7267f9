"""Runs campaigns, or what is left of them.

Two processes run the cases. Each outcome is a line of `<folder>/<name>.jsonl`; a case that has one is not run again,
so a campaign that was stopped resumes, and a larger count goes on from a smaller one. Failed cases are run again. The
exit code is 1 if any case failed.
"""

import argparse
import json
import multiprocessing
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

from tests import campaigns

NUM_PROCESSES = 2
FOLDER = Path(".pytest_cache/campaigns")


class Outcome(NamedTuple):
    """How one case ended: in one word, or with the reason why that was wrong."""

    index: int
    outcome: str
    failure: str = ""
    seconds: float = 0.0


def main(arguments: list[str] | None = None) -> int:
    """Run the campaigns that are named, or all; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns", description="Run campaigns, or what is left.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"campaigns to run: {', '.join(campaigns.names())}")
    parser.add_argument("--count", type=int, help="cases of each campaign; by default its own number")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where outcomes are kept")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(campaigns.names()):
        parser.error(f"no campaign {min(unknown)!r}; there are {', '.join(campaigns.names())}")
    if options.count is not None and options.count < 1:
        parser.error(f"--count must be at least 1; got {options.count}")
    results = [run(name, options.count, options.folder) for name in options.names or campaigns.names()]
    return int(any(outcome.failure for result in results for outcome in result))


def run(name: str, count: int | None, folder: Path) -> list[Outcome]:
    """Run the cases of a campaign that have no outcome yet, print a summary, and return all outcomes."""
    count = campaigns.load(name).COUNT if count is None else count
    record = folder / f"{name}.jsonl"
    record.parent.mkdir(parents=True, exist_ok=True)
    known = {outcome.index: outcome for outcome in _read(record) if not outcome.failure and outcome.index < count}
    began = time.monotonic()
    is_cut = record.exists() and not record.read_text().endswith("\n")
    with record.open("a") as file:
        if is_cut:
            file.write("\n")
        for outcome in _outcomes(name, [i for i in range(count) if i not in known], folder / name):
            known[outcome.index] = outcome
            file.write(json.dumps(outcome._asdict()) + "\n")
            file.flush()
    found = [known[index] for index in sorted(known)]
    counts = ", ".join(f"{n} {word}" for word, n in sorted(Counter(outcome.outcome for outcome in found).items()))
    print(f"{name}: {len(found)} cases in {time.monotonic() - began:.0f} s: {counts}", flush=True)
    for outcome in found:
        if outcome.failure:
            print(f"  case {outcome.index}: {outcome.failure.strip().splitlines()[-1]}", flush=True)
    return found


def _read(record: Path) -> Iterable[Outcome]:
    """Yield the outcomes of earlier calls; the last line of one that was killed may be half a line."""
    for line in record.read_text().splitlines() if record.exists() else ():
        try:
            yield Outcome(**json.loads(line))
        except json.JSONDecodeError:
            continue


def _outcomes(name: str, indices: list[int], folder: Path) -> Iterable[Outcome]:
    """Run cases in processes and yield outcomes as they come; a process that ends is a failure of its case."""
    left = indices[::-1]
    workers: dict[Any, tuple[BaseProcess, int]] = {}

    def give(connection: Connection, process: BaseProcess) -> None:
        if left:
            workers[connection] = process, left[-1]
            connection.send(left.pop())
        else:
            connection.close()
            process.join()

    for _ in range(min(NUM_PROCESSES, len(left))):
        give(*_worker(name, folder))
    while workers:
        for connection in wait(list(workers)):
            process, index = workers.pop(connection)
            try:
                outcome: Outcome = connection.recv()  # pyright: ignore[reportAttributeAccessIssue]
            except (OSError, EOFError):
                process.join()
                yield Outcome(index, "ended", f"its process ended with code {process.exitcode}")
                if left:
                    give(*_worker(name, folder))
                continue
            yield outcome
            give(connection, process)  # pyright: ignore[reportArgumentType]


def _worker(name: str, folder: Path) -> tuple[Connection, BaseProcess]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(name, folder, theirs), daemon=False)
    process.start()
    theirs.close()
    return ours, process


def _work(name: str, folder: Path, connection: Connection) -> None:
    campaign = campaigns.load(name)
    while True:
        try:
            index = connection.recv()
        except EOFError:
            return
        connection.send(run_case(campaign, index, folder / f"{index:05d}"))


def run_case(campaign: Any, index: int, folder: Path) -> Outcome:
    """Run one case in an empty folder, which is removed unless the case fails."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.monotonic()
    try:
        outcome = Outcome(index, str(campaign.run_one(index, folder)), "", time.monotonic() - began)
    except Exception:
        return Outcome(index, "failed", traceback.format_exc(), time.monotonic() - began)
    shutil.rmtree(folder)
    return outcome
