"""The console: encodings that lack a sign, readers that go away, streams that are closed, warnings in one line."""

import contextlib
import io
import os
import subprocess
import sys
import warnings

import pytest

from comparisons.__main__ import main
from comparisons.commands.console import plain, tolerant_streams

GITTINS = ["gittins", "1", "1", "--discount", "0.9"]


class Device(io.RawIOBase):
    """A file that cannot be written."""

    def __init__(self, error):
        self.error = error

    def writable(self):
        return True

    def write(self, data):
        if self.error:
            raise self.error
        return len(data)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp932", "latin-1", "utf-8", "utf-16"])
def test_an_answer_is_printed_in_every_encoding(encoding):
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding=encoding, errors="strict", write_through=True)
    with contextlib.redirect_stdout(stream):
        assert main(GITTINS) == 0
    assert stream.errors == "strict"
    assert "0.7028891938" in written.getvalue().decode(encoding)
    if encoding == "ascii":
        assert "+/- 1.9e-10" in written.getvalue().decode()


def test_signs_have_plain_equivalents():
    assert plain("KL(Bayes‖network) ≤ 1 ± 2 − ∞… é \ud83d") == "KL(Bayes||network) <= 1 +/- 2 - inf... e ?"


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (BrokenPipeError(32, "Broken pipe"), 141, ""),
        (OSError(28, "No space left on device"), 1, "bayesgauge: could not write to standard output: No space left"),
    ],
    ids=["broken pipe", "full disk"],
)
def test_an_answer_that_cannot_be_written(error, code, said, capsys):
    device = Device(error)
    stream = io.TextIOWrapper(io.BufferedWriter(device), encoding="utf-8")
    with contextlib.redirect_stdout(stream):
        assert main(GITTINS) == code
    assert capsys.readouterr().err.startswith(said)
    device.error = None  # so that the stream can be closed


def test_warnings_are_one_line():
    before = warnings.formatwarning
    with tolerant_streams():
        shown = warnings.formatwarning(UserWarning("first\nsecond"), UserWarning, "file.py", 3, "a line of source")
    assert shown == "warning: first\n"
    assert warnings.formatwarning is before


@pytest.mark.slow
@pytest.mark.parametrize(
    "environment",
    [
        *({"COLUMNS": str(width)} for width in (1, 20, 1000)),
        {"NO_COLOR": "1", "TERM": "dumb"},
        {"HOME": "/nonexistent"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONOPTIMIZE": "2"},
        {"PYTHONWARNINGS": "error"},
    ],
    ids=str,
)
@pytest.mark.parametrize("command", ["list", "run beta_bernoulli --help", "--help", "show mikulik_2020", "run nothing"])
def test_a_console_of_any_kind(command, environment):
    done = program(command, environment)
    assert done.returncode == (1 if command == "run nothing" else 0), done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&-", ">&- 2>&-"])
def test_closed_streams(redirection):
    done = program("list", {}, redirection)
    assert done.stderr == b""
    assert done.returncode == 0


@pytest.mark.slow
def test_a_reader_that_goes_away():
    done = program("show mikulik_2020", {}, "| head -c 9; echo ${PIPESTATUS[0]} >&2")
    assert done.stderr in (b"141\n", b"0\n")  # 0 where all was written before the reader went


@pytest.mark.slow
def test_a_full_device():
    done = program("list", {}, "> /dev/full")
    assert done.returncode == 1
    assert done.stderr == b"bayesgauge: could not write to standard output: No space left on device\n"


def program(command, environment, redirection=""):
    paths = {"PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    line = f"{sys.executable} -m comparisons {command} {redirection}"
    return subprocess.run(["bash", "-c", line], env=os.environ | paths | environment, capture_output=True, check=False)
