"""Jobs side by side until all are done: one process per core here, or the workers of a Dask cluster.

A process that is killed (out of memory, a node that goes away) takes along only what it was running, and that is
started again. Neither joblib nor its process pool is used: its connector to Dask waits for ever for a job whose
workers were killed, and runs a finished job again when the worker that has its result goes; the pool waits for ever
when the thread that manages it dies, as it does of its own warning where warnings are errors.
"""

import functools
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

import joblib

from comparisons.processes import ProcessEnded, WorkerProcess

if TYPE_CHECKING:
    from distributed import Client

RESTARTS = 3
"""How often what was killed is started again here while no other job gets done; on a cluster Dask's
`distributed.scheduler.allowed-failures` counts instead."""


SECONDS_TO_SAVE = 2.0
"""How long processes may take, when a person interrupts them all, to write what they need to resume."""


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

    A job whose process was killed comes last. Once a kill came with nothing done since its job began, jobs run one at a
    time, so that one that takes too much memory ends none of the others. Raises `ChildProcessError` naming the jobs
    left when nothing gets done in `RESTARTS` restarts, and whatever a job raises.
    """
    if len(jobs) == 1:
        _run(jobs[0])
    elif jobs:
        num_processes = min(len(jobs), joblib.cpu_count())
        pool = _Pool(deque(jobs), num_processes)
        with ThreadPoolExecutor(num_processes) as threads:
            try:
                pool.run(threads)
            except KeyboardInterrupt:
                wait(pool.running, timeout=SECONDS_TO_SAVE)
                raise
            finally:
                pool.end()


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


class _Pool:
    """Worker processes and the jobs that they run; a thread of this process waits for each."""

    def __init__(self, left: deque[Job], num_processes: int) -> None:
        self.left = left
        self.num_processes = num_processes
        self.workers: set[WorkerProcess] = set()
        self.idle: list[WorkerProcess] = []
        self.running: dict[Future[None], tuple[Job | None, WorkerProcess, int]] = {}
        """Job, process, and how many jobs had been done when it began. A process without a job is starting."""
        self.num_done = 0
        self.num_fruitless = 0
        """Kills since a job was done."""

    def run(self, threads: ThreadPoolExecutor) -> None:
        while self.left or self.running:
            self._start(threads)
            for future in wait(self.running, return_when=FIRST_COMPLETED).done:
                job, worker, num_done_before = self.running.pop(future)
                try:
                    future.result()
                except ProcessEnded:
                    self._end(worker)
                    self._after_a_kill(job, num_done_before)
                else:
                    self.idle.append(worker)
                    if job is not None:
                        self.num_done, self.num_fruitless = self.num_done + 1, 0

    def _start(self, threads: ThreadPoolExecutor) -> None:
        """Give jobs to processes that wait for them, start processes that lack, end those that are too many."""
        at_once = self.num_processes if self.num_fruitless == 0 else 1
        while self.left and self.idle and len(self.running) < at_once:
            job, worker = self.left.popleft(), self.idle.pop()
            call = functools.partial(_run, job)
            self.running[threads.submit(worker.call, call)] = job, worker, self.num_done
        while self.idle and (not self.left or len(self.workers) > at_once):
            self._end(self.idle.pop())
        while len(self.workers) < min(at_once, len(self.running) + len(self.left)):
            worker = WorkerProcess(num_side_by_side=self.num_processes)
            self.workers.add(worker)
            ready = functools.partial(_get_ready, self.left[0] if self.left else None)
            self.running[threads.submit(worker.call, ready)] = None, worker, self.num_done

    def _after_a_kill(self, job: Job | None, num_done_before: int) -> None:
        if job is not None and job.is_done():
            self.num_done, self.num_fruitless = self.num_done + 1, 0
            return
        if job is not None:
            self.left.append(job)
        self.num_fruitless = self.num_fruitless + 1 if self.num_done == num_done_before else 0
        if self.num_fruitless > RESTARTS:
            raise ChildProcessError(_killed([*(one for one, _, _ in self.running.values() if one), *self.left]))

    def _end(self, worker: WorkerProcess) -> None:
        self.workers.remove(worker)
        worker.end()

    def end(self) -> None:
        """End all processes; the threads that wait for them then end too."""
        for worker in self.workers:
            worker.end()


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


def _get_ready(job: Job | None) -> None:
    """Do nothing: reading the job loads the modules that it needs, before any process is given one."""


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
