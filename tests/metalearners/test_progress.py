"""Progress where there is neither a terminal nor a notebook: few lines, none at first, each with how far it is."""

import time

import pytest

from metalearners import progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that advances by three seconds at every look."""
    now = [0.0]

    def monotonic():
        now[0] += 3.0
        return now[0]

    monkeypatch.setattr(progress.time, "monotonic", monotonic)
    return now


def test_steps_are_counted_after_ten_seconds_and_ever_more_rarely(clock, capsys):
    assert list(progress.counted(2, 40, "seed 0")) == list(range(2, 40))
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "seed 0: step 6 of 40"
    assert 2 <= len(said) <= 4


def test_what_is_quick_says_nothing(capsys):
    assert list(progress.counted(0, 3, "seed 0")) == [0, 1, 2]
    with progress.elapsed("evaluate coins"):
        pass
    assert capsys.readouterr().err == ""


def test_what_cannot_be_counted_says_how_long_it_takes(monkeypatch, capsys):
    monkeypatch.setattr(progress, "FIRST", 0.01)
    with progress.elapsed("evaluate coins"):
        time.sleep(0.1)
    assert capsys.readouterr().err.startswith("evaluate coins: 0 s so far\n")
