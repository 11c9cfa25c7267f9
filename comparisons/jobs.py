"""Jobs side by side until all are done: one process per core here, or the workers of a Dask cluster.

A process that is killed (out of memory, a node that goes away) takes along only what it was running, and that is
started again. Dask is asked directly, not through joblib: joblib's connector waits for ever for a job whose workers
were killed, and runs a finished job again when the worker that has its result goes.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError

if TYPE_CHECKING:
    from distributed import Client

RESTARTS = 3
"""How often what was killed is started again here while no other job gets done; on a cluster Dask's
`distributed.scheduler.allowed-failures` counts instead."""


class Job(NamedTuple):
    """A piece of work that is done once; its parts can be pickled."""

    name: str
    """What a person is told when it cannot be done; different for every job."""
    run: Callable[[], None]
    """Does it; called again after a kill, so it takes up what it left."""
    is_done: Callable[[], bool]
    """Whether it was done, by whichever process."""


def run_here(jobs: Sequence[Job]) -> None:
    """Run jobs in the order given, one process per core; a single one in this process.

    After a kill, what may have been running comes last; if nothing gets done between two kills, jobs run one at a
    time, so that one that takes too much memory ends none of the others. Raises `ChildProcessError` naming the jobs
    left when nothing gets done in `RESTARTS` restarts, and whatever a job raises.
    """
    if len(jobs) == 1:
        _run(jobs[0])
        return
    num_fruitless = 0
    while jobs:
        left = _round_here(jobs, at_once=min(len(jobs), joblib.cpu_count()) if num_fruitless == 0 else 1)
        num_fruitless = num_fruitless + 1 if len(left) == len(jobs) else 0
        if num_fruitless > RESTARTS:
            raise ChildProcessError(_killed(left))
        jobs = left


def run_on_cluster(jobs: Sequence[Job], scheduler: str) -> None:
    """Run jobs in the order given on the workers of a Dask cluster, whose scheduler has this address.

    Every worker runs one job at a time, on its one thread; workers may come and go. Raises `ValueError` for an address
    without a protocol and for workers of several threads, `ImportError` without Dask, `OSError` where there is no
    scheduler, `ChildProcessError` naming the jobs that had their workers killed, again and again, when all others
    are done; and whatever a job raises. Jobs that run when this is interrupted run on to their end.
    """
    require_address(scheduler)
    with _dask().Client(scheduler, set_as_default=False) as client:
        while jobs:
            given_up = _round_on_cluster(jobs, client)
            if len(given_up) == len(jobs) > 1:
                # Dask blames whatever waits at a worker that is killed; one at a time, none waits.
                given_up = [job for job in jobs if _round_on_cluster([job], client)]
            if given_up and len(given_up) == len(jobs):
                raise ChildProcessError(_killed(given_up))
            jobs = given_up


def require_address(scheduler: str) -> None:
    """Raise `ValueError` unless this may be the address of a scheduler."""
    if "://" not in scheduler:
        raise ValueError(f"scheduler must be an address like tcp://host:8786; got {scheduler!r}")


def _dask() -> ModuleType:
    try:
        import distributed  # an optional dependency
    except ImportError as error:
        raise ImportError("running on a cluster needs Dask: pip install 'bayesgauge[cluster]'") from error
    return distributed


def _round_here(jobs: Sequence[Job], *, at_once: int) -> list[Job]:
    """Run jobs until all are done or a process is killed; return the jobs left, those that had started last."""
    started: set[str] = set()

    def calls() -> Iterator[Any]:
        for job in jobs:
            started.add(job.name)
            yield joblib.delayed(_run)(job)

    try:
        # One process would be this one, so there are at least two; how many of them are busy is `pre_dispatch`.
        joblib.Parallel(n_jobs=max(at_once, 2), backend="loky", batch_size=1, pre_dispatch=at_once)(calls())
    except TerminatedWorkerError:
        return sorted((job for job in jobs if not job.is_done()), key=lambda job: job.name in started)
    return []


def _round_on_cluster(jobs: Sequence[Job], client: "Client") -> list[Job]:
    """Run jobs until each is done or given up by the scheduler; return those given up."""
    distributed = _dask()
    group = f"bayesgauge-{uuid4().hex}"
    futures = {
        client.submit(_run_on_worker, job, key=(group, job.name), priority=-position): job
        for position, job in enumerate(jobs)
    }
    given_up: list[Job] = []
    for future in distributed.as_completed(list(futures), loop=client.loop):
        job = futures.pop(future)
        try:
            future.result()
        except distributed.KilledWorker:
            given_up.append(job)
        except CancelledError as error:
            raise ConnectionError("lost the scheduler; what is done is kept, and the same command resumes") from error
    return given_up


def _run_on_worker(job: Job) -> None:
    worker = _dask().get_worker()
    if (num_threads := worker.state.nthreads) != 1:
        raise ValueError(
            f"worker {worker.address} has {num_threads} threads; start workers with --nthreads 1: "
            "how many threads torch takes is a matter of the whole process"
        )
    _run(job)


def _run(job: Job) -> None:
    """Run a job unless it is done: a process may have done it and been lost before it could report."""
    if not job.is_done():
        job.run()


def _killed(jobs: Sequence[Job]) -> str:
    names = ", ".join(job.name for job in jobs[:10]) + (f" and {len(jobs) - 10} more" if len(jobs) > 10 else "")
    return (
        "these units did not finish because their processes were killed repeatedly, probably for lack of memory: "
        f"{names}. Finished units are kept; rerun the same command with fewer processes (LOKY_MAX_CPU_COUNT=1)."
    )
