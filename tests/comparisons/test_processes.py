"""Worker processes: what they raise comes back, none is waited for that is gone, and none outlives its run."""

import functools
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from comparisons.jobs import Job, run_here
from comparisons.processes import ProcessEnded, WorkerProcess

LIFE_AFTER_DEATH = 5.0


@pytest.fixture(scope="module")
def worker():
    started = WorkerProcess(num_side_by_side=2)
    yield started
    started.end()


class NotPicklable(Exception):
    def __init__(self):
        super().__init__("cannot be sent")
        self.lock = __import__("threading").Lock()


def refuse():
    raise ValueError("no")


def refuse_with_what_cannot_be_sent():
    raise NotPicklable


def touch_and_print(path):
    print("this is no answer")
    Path(path).touch()


def warn():
    warnings.warn("this worker grew", UserWarning, stacklevel=1)


def test_calls_are_made_one_after_the_other_and_exceptions_come_back(worker, tmp_path):
    worker.call(functools.partial(touch_and_print, tmp_path / "here"))
    assert (tmp_path / "here").exists()
    with pytest.raises(ValueError, match=r"^no$") as caught:
        worker.call(refuse)
    assert "in refuse" in str(caught.value.__cause__)
    with pytest.raises(RuntimeError, match="NotPicklable: cannot be sent"):
        worker.call(refuse_with_what_cannot_be_sent)
    worker.call(functools.partial(touch_and_print, tmp_path / "still there"))


def test_a_worker_has_the_warning_filters_of_the_program(tmp_path):
    """Under `-W error` a warning in a worker is an error of its job, and the run ends."""
    program = (
        "from comparisons.jobs import Job, run_here; from tests.comparisons.test_processes import warn; "
        "run_here([Job(str(n), warn, bool) for n in range(3)])"
    )
    path = os.pathsep.join([os.getcwd(), *sys.path])
    flags = ["-W", "error::UserWarning"]
    ended = subprocess.run(
        [sys.executable, *flags, "-c", program], env={**os.environ, "PYTHONPATH": path}, capture_output=True, timeout=60
    )
    assert ended.returncode == 1 and b"UserWarning: this worker grew" in ended.stderr


def test_a_process_that_ends_before_its_call_does_is_not_waited_for():
    started = WorkerProcess(num_side_by_side=2)
    try:
        with pytest.raises(ProcessEnded):
            started.call(functools.partial(os._exit, 0))
        with pytest.raises(ProcessEnded):
            started.call(refuse)
    finally:
        started.end()


def test_a_program_that_cannot_start_workers_ends(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ChildProcessError, match=r"^these units did not finish .*: a, b\. Finished units are kept"):
        run_here([Job("a", refuse, bool), Job("b", refuse, bool)])


def sleep(path, seconds):
    Path(f"{path}.{os.getpid()}").touch()
    time.sleep(seconds)


@pytest.mark.parametrize("seconds", [0.0, 1000.0], ids=["idle", "busy"])
def test_workers_end_with_the_process_that_they_work_for(tmp_path, seconds):
    """It is killed without a chance to say so; the pipe that its output goes to is closed too."""
    call = f"functools.partial(sleep, {str(tmp_path / 'in')!r}, {seconds})"
    program = (
        "import functools, time; from comparisons.processes import WorkerProcess; "
        "from tests.comparisons.test_processes import sleep; from threading import Thread\n"
        f"for _ in range(2): Thread(target=WorkerProcess(num_side_by_side=2).call, args=[{call}]).start()\n"
        "time.sleep(1000)"
    )
    path = os.pathsep.join([os.getcwd(), *sys.path])
    parent = subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE
    )
    began = time.monotonic()
    while len(found := list(tmp_path.glob("in.*"))) < 2:
        assert parent.poll() is None and time.monotonic() - began < 60
        time.sleep(0.02)
    os.kill(parent.pid, signal.SIGKILL)
    assert parent.stdout is not None
    with parent, parent.stdout:
        assert parent.stdout.read() == b""  # ends when nobody holds the pipe
    began = time.monotonic()
    while any(is_alive(int(path.suffix[1:])) for path in found):
        assert time.monotonic() - began < LIFE_AFTER_DEATH
        time.sleep(0.02)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
