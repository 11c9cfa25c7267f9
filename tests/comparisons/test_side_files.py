"""Damaged settings, times, scores and measures: one line or none, never a traceback, and a good result is kept."""

import json
import shutil

import pytest

from comparisons import open_comparison
from comparisons.results import EVALUATION_FILE, MEASURES_FILE
from comparisons.stages import _wall_times, run_experiment
from comparisons.training import WALL_TIMES
from tests.comparisons.toy_kind.experiment import TOY

DAMAGES = {
    "list": b"[]",
    "null": b"null",
    "text": b"text",
    "empty": b"",
    "binary": b"\x89HDF\r\n\x1a\n\x00\xff",
    "nested": b"[" * 100_000,
    "other": b'{"a": 1}',
    "infinite": b"1e999",
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return run_experiment(TOY, tmp_path_factory.mktemp("results")).parent.parent


@pytest.fixture
def run(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


def report(bayesgauge_here, run):
    """Write a report, and return what was refused, which is one line at most."""
    completed = bayesgauge_here("report", run)
    assert completed.stderr.count("\n") == (completed.returncode != 0) and "Traceback" not in completed.stderr
    return completed.stderr


def test_a_damaged_stop_watch_costs_no_result(bayesgauge_here, run):
    for content in DAMAGES.values():
        (run / WALL_TIMES / "evaluate.json").write_bytes(content)
        assert _wall_times(run)["wall time, evaluate"] == "unknown, because a file of times is damaged"
    assert report(bayesgauge_here, run) == ""
    assert "unknown, because a file of times is damaged" in (run / "report" / "index.html").read_text()


def test_damaged_settings_are_named(bayesgauge_here, run):
    for content in DAMAGES.values():
        (run / "experiment.json").write_bytes(content)
        with pytest.raises(ValueError, match="experiment.json must be the settings of a run, in JSON; it "):
            open_comparison(run)
    assert "experiment.json must be the settings of a run, in JSON; it " in report(bayesgauge_here, run)


def test_damaged_scores_are_named(bayesgauge_here, run):
    for content in DAMAGES.values():
        (run / EVALUATION_FILE).write_bytes(content)
        with pytest.raises(ValueError, match=r"evaluation.nc is truncated or not .*Delete it, and the run makes"):
            open_comparison(run)
    assert "evaluation.nc is truncated or not a netCDF file" in report(bayesgauge_here, run)


def test_damaged_measures_are_taken_again(bayesgauge_here, run):
    table, whole = open_comparison(run).table, (run / MEASURES_FILE).read_bytes()
    for content in DAMAGES.values():
        (run / MEASURES_FILE).write_bytes(content)
        assert open_comparison(run).table.equals(table)
    assert report(bayesgauge_here, run) == ""
    assert (run / MEASURES_FILE).read_bytes() == whole


def test_a_folder_opens_as_its_result_and_others_say_what_there_is(finished, tmp_path):
    assert len(open_comparison(finished).table)
    with pytest.raises(FileNotFoundError, match=rf"no results in .*: there are some in {finished.name}$"):
        open_comparison(finished.parent)
    with pytest.raises(FileNotFoundError, match="a folder of results holds evaluation.nc, reproduction.nc or"):
        open_comparison(tmp_path)
    with pytest.raises(ValueError, match=r"holds scores but no measures; open its folder: open_comparison\("):
        open_comparison(finished / EVALUATION_FILE)
    shutil.copy(finished / "experiment.json", tmp_path)
    with pytest.raises(FileNotFoundError, match="its run has not been evaluated yet; run the same command again"):
        open_comparison(tmp_path)


def test_reading_a_result_writes_nothing(run):
    (run / MEASURES_FILE).unlink()
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    assert len(open_comparison(run).table)
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before


def test_results_are_listed_with_what_is_wrong(bayesgauge_here, finished, tmp_path):
    shutil.copytree(finished, tmp_path / "results" / "a")
    shutil.copytree(finished, tmp_path / "results" / "b" / "c")
    started = tmp_path / "results" / "started"
    started.mkdir()
    shutil.copy(finished / "experiment.json", started)
    broken = shutil.copytree(finished, tmp_path / "results" / "broken")
    (broken / "experiment.json").write_text("[]")
    listed = {one["folder"]: one for one in json.loads(bayesgauge_here("results", "--json").stdout)}
    assert list(listed) == ["results/a", "results/b/c", "results/broken", "results/started"]
    whole = listed["results/a"]
    assert whole["state"] == "reported" and whole["title"] == TOY.question and whole["fingerprint"] == TOY.fingerprint()
    assert sum(whole["verdicts"].values()) == 2 and len(whole["date"]) == len("2026-01-31 12:00")
    assert "has the same settings as results/b/c" in whole["problems"]
    assert listed["results/started"]["state"] == "training, 0 of 2 units done"
    assert any("experiment.json must be the settings of a run" in line for line in listed["results/broken"]["problems"])
    printed = bayesgauge_here("results").stdout
    assert "4 results in results" in printed and "! has the same settings as results/a" in printed


def test_results_of_nothing(bayesgauge_here, tmp_path):
    assert bayesgauge_here("results", "none").stderr == (
        "bayesgauge: no folder none; results of runs are below the folder given with --results\n"
    )
    assert "0 results in ." in bayesgauge_here("results", ".").stdout
