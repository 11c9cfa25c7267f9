"""What a new kind costs: five modules outside the package, from the command line to the page."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from comparisons.__main__ import main
from comparisons.comparison import Comparison, open_comparison
from comparisons.kinds import kind_of, kind_packages
from comparisons.stages import run_experiment
from comparisons.tree import save_tree
from tests.comparisons.pages import Page
from tests.comparisons.toy_kind.experiment import TOY, GuessExperiment
from tests.comparisons.toy_kind.kind import KIND

NAME = "tests.comparisons.toy_kind.experiment:TOY"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    return run_experiment(TOY, results).parent.parent


@pytest.fixture(scope="module")
def result(ran):
    return open_comparison(ran)


def test_the_command_line_runs_it_to_the_page(tmp_path, capsys):
    assert main(["run", NAME, "--results", str(tmp_path), "--shrinkage", "0.7", "--training-seeds", "0"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("The learner's squared error is")
    page = Page(Path(printed.rsplit("report: ", 1)[1].strip()).read_text())
    assert "shrinks the average of 9 numbers by 0.7" in page.text
    (image,) = page.all("img")
    assert image["src"].startswith(("data:image/svg+xml;base64,", "data:image/png;base64,"))


def test_a_measure_added_in_one_place_is_in_table_page_file_and_claims(ran, result):
    row = result.table.set_index(["measure", "who"]).loc[("excess_error", "learner")]
    assert 0 < row.estimate < 0.1 and row.lower <= row.estimate <= row.upper
    written = pd.read_csv(io.BytesIO((ran / "report" / "measures.csv").read_bytes()))
    assert written.estimate[written.measure == "excess_error"].item() == row.estimate
    page = Page((ran / "report" / "index.html").read_text())
    assert page.text.count("error above that of Bayes") == 1
    (shown,) = [found for found in page.rows() if found.get("Guesser") == "learner" and "Bayes" not in found.values()][
        1:
    ]
    assert shown["Unit"] == "squared units"
    assert "The learner loses at most 0.1 to Bayes." in page.text


def test_a_figure_is_drawn_from_its_table(ran, result):
    assert result.figures == ["errors"]
    bars = result.plot("errors").axes[0].patches
    written = pd.read_csv(ran / "report" / "errors.csv")
    np.testing.assert_array_equal([bar.get_height() for bar in bars], written.estimate)


def test_it_is_found_by_the_tree_and_not_among_the_kinds_of_the_package(result):
    assert kind_of(result.tree) is KIND
    assert kind_packages() == [
        f"comparisons.{name}" for name in ("decisions", "foraging", "lifetimes", "order", "predictions")
    ]


def test_a_corrected_measure_is_measured_again_and_nothing_is_trained_again(ran, monkeypatch):
    trained = {path: path.stat().st_mtime_ns for path in ran.glob("checkpoints/*/*")}
    evaluated = (ran / "evaluation.nc").stat().st_mtime_ns
    before = open_comparison(ran).table.estimate[0]
    measure = KIND.sections[0].measures[0]
    doubled = dataclasses.replace(
        measure,
        rows=lambda scores, over: (
            row._replace(interval=row.interval._replace(estimate=2 * row.interval.estimate))
            for row in measure.rows(scores, over)
        ),
    )
    section = dataclasses.replace(KIND.sections[0], measures=(doubled, *KIND.sections[0].measures[1:]))
    corrected = dataclasses.replace(KIND, sections=(section,), version=KIND.version + 1)
    monkeypatch.setattr("tests.comparisons.toy_kind.kind.KIND", corrected)
    run_experiment(TOY, ran.parent.parent)
    assert open_comparison(ran).table.estimate[0] == 2 * before
    assert {path: path.stat().st_mtime_ns for path in ran.glob("checkpoints/*/*")} == trained
    assert (ran / "evaluation.nc").stat().st_mtime_ns == evaluated


def test_a_corrected_evaluation_is_evaluated_and_measured_again(tmp_path, monkeypatch):
    folder = run_experiment(TOY, tmp_path).parent.parent
    trained = {path: path.stat().st_mtime_ns for path in folder.glob("checkpoints/*/*")}
    (folder / "measures.nc").write_bytes(b"would be read if it were not measured again")
    monkeypatch.setattr("tests.comparisons.toy_kind.running.EVALUATION_VERSION", 2)
    run_experiment(TOY, tmp_path)
    assert open_comparison(folder).tree.attrs["evaluation_version"] == 2
    assert {path: path.stat().st_mtime_ns for path in folder.glob("checkpoints/*/*")} == trained


def test_scores_from_before_stages_had_versions_are_measured_and_not_evaluated_again(tmp_path, monkeypatch):
    folder = run_experiment(TOY, tmp_path).parent.parent
    tree = open_comparison(folder).tree
    old = tree.copy()
    del old.attrs["evaluation_version"]
    table = tree["measures"].to_dataset().rename(who="predictor", over="interval_over").drop_vars(["at", "num_seeds"])
    save_tree(old.filter(lambda node: node.path in ("/", "/errors")), folder / "evaluation.nc")
    table.attrs = {"level": 0.95}
    save_tree(type(tree).from_dict({"measures": table, "curves": tree["curves"].to_dataset()}), folder / "measures.nc")

    def evaluate(experiment, directories):
        raise AssertionError("it was evaluated already")

    monkeypatch.setattr("tests.comparisons.toy_kind.running.evaluate", evaluate)
    run_experiment(TOY, tmp_path)
    pd.testing.assert_frame_equal(open_comparison(folder).table, Comparison(tree).table)


def test_what_is_no_experiment_is_refused_in_one_line(capsys):
    assert main(["run", "tests.comparisons.toy_kind.kind:KIND"]) == 1
    assert "must be an experiment; got a Kind" in capsys.readouterr().err
    assert main(["run", "tests.comparisons.toy_kind.experiment:MISSING"]) == 1
    assert "has no 'MISSING'" in capsys.readouterr().err


def test_a_smoke_run_is_another_folder():
    assert isinstance(TOY.smoke(), GuessExperiment)
    assert TOY.smoke().fingerprint() != TOY.fingerprint()
