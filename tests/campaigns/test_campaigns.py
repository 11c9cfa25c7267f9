"""A few cases of every campaign; `make campaigns` runs them whole."""

import json

import pytest

from tests import campaigns
from tests.campaigns import _running as runner

FEW = 3
SLOW = ("kills", "files", "command_lines")
"""They make runs; `test_kill_and_resume.py`, `test_side_files.py` and `test_command_lines.py` have quick cases."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in campaigns.names()]
)
def test_a_few_cases(name, tmp_path):
    """Cases spread over the whole campaign; a module names others in `SMALL` where these take long."""
    campaign = campaigns.load(name)
    indices = getattr(campaign, "SMALL", [campaign.COUNT * part // FEW for part in range(FEW)])
    outcomes = [runner.run_case(campaign, index, tmp_path / str(index)) for index in indices]
    assert [outcome.failure for outcome in outcomes] == [""] * len(indices)


class Made:
    COUNT = 4

    @staticmethod
    def run_one(index, folder):
        assert folder.is_dir() and not list(folder.iterdir())
        (folder / "left").touch()
        assert index != 2, "two is\nwrong"
        return "even" if index % 2 == 0 else "odd"


def test_a_case_that_fails_keeps_its_folder_and_says_why(tmp_path):
    assert runner.run_case(Made, 1, tmp_path / "1").outcome == "odd"
    failed = runner.run_case(Made, 2, tmp_path / "2")
    assert failed.outcome == "failed" and "two is" in failed.failure
    assert [path.name for path in tmp_path.iterdir()] == ["2"]


def test_a_campaign_resumes_counts_and_names_what_failed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(campaigns, "load", lambda name: Made)
    ran = []

    def outcomes(name, indices, folder):
        ran.append(indices)
        return [runner.run_case(Made, index, folder / str(index)) for index in indices]

    monkeypatch.setattr(runner, "_outcomes", outcomes)
    assert not any(outcome.failure for outcome in runner.run("made", 2, tmp_path))
    with (tmp_path / "made.jsonl").open("a") as file:
        file.write('{"index": 3, "outc')  # a call that was killed while it wrote
    capsys.readouterr()
    found = runner.run("made", None, tmp_path)
    assert ran == [[0, 1], [2, 3]] and [outcome.outcome for outcome in found] == ["even", "odd", "failed", "odd"]
    printed = capsys.readouterr().out.splitlines()
    assert "1 even, 1 failed, 2 odd" in printed[0] and "case 2: " in printed[1]
    runner.run("made", None, tmp_path)
    assert ran[-1] == [2]
    assert json.loads((tmp_path / "made.jsonl").read_text().splitlines()[0])["outcome"] == "even"


def test_an_unknown_campaign_is_refused(capsys):
    with pytest.raises(SystemExit):
        runner.main(["nothing"])
    assert "no campaign 'nothing'" in capsys.readouterr().err
