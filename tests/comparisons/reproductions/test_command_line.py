"""Papers on the command line: what is shown of each, and a report that is written again."""

import pytest

from comparisons import Comparison, reproductions
from comparisons.report.page import verdicts_of
from comparisons.reproductions._running import REPRODUCTION_FILE
from comparisons.tree import save_tree
from tests.comparisons.made_up import made_up
from tests.comparisons.pages import Page
from tests.comparisons.test_command_line import assert_refused


def without_spaces(text):
    """A text whose lines may be broken anywhere."""
    return "".join(text.split())


@pytest.mark.parametrize("identifier", reproductions.reproduction_ids())
def test_a_paper_is_shown_with_its_question_its_experiments_and_its_claims(identifier, bayesgauge_here):
    completed = bayesgauge_here("show", identifier)
    assert completed.returncode == 0, completed.stderr
    shown, paper = without_spaces(completed.stdout), reproductions.load(identifier)
    assert without_spaces(f"question: {paper.QUESTION}") in shown
    for name, experiment in paper.experiments().items():
        assert without_spaces(f"- {name}: {experiment.question}") in shown
    assert all(without_spaces(name) in shown for name in paper.further_experiments())
    statements = [without_spaces(f"- {statement}") for statement in paper.statements()]
    assert statements and all(statement in shown for statement in statements)
    assert f"`bayesgauge run {identifier}`" in completed.stdout


def test_every_paper_is_listed(bayesgauge_here):
    listed = bayesgauge_here("list")
    assert listed.returncode == 0, listed.stderr
    assert all(f"\n{identifier} " in listed.stdout for identifier in reproductions.reproduction_ids())


def test_the_report_of_a_reproduction_is_written_again_from_its_file_alone(bayesgauge_here, tmp_path):
    tree, folder = made_up("mikulik_2020"), tmp_path / "mikulik_2020"
    save_tree(tree, folder / REPRODUCTION_FILE)
    completed = bayesgauge_here("report", folder)
    assert completed.returncode == 0, completed.stderr
    answer, verdicts, (last,) = _parts(completed.stdout, len(verdicts_of(tree)))
    assert "\n".join(answer) == Comparison(tree).summary()
    assert [line.strip() for line in verdicts] == [f"{one.outcome}: {one.statement}" for one in verdicts_of(tree)]
    assert last == f"report: {folder / 'report' / 'index.html'}"
    page = Page((folder / "report" / "index.html").read_text())
    assert page.text.count(reproductions.load("mikulik_2020").QUESTION) == 2  # the title and the heading
    assert {path.name for path in folder.iterdir()} == {REPRODUCTION_FILE, "report"}


def test_a_truncated_reproduction_is_refused(bayesgauge_here, tmp_path):
    (tmp_path / REPRODUCTION_FILE).write_bytes(b"\x89HDF")
    assert_refused(bayesgauge_here("report", tmp_path), REPRODUCTION_FILE, "truncated or not a netCDF file")
    assert [path.name for path in tmp_path.iterdir()] == [REPRODUCTION_FILE]


def _parts(printed, num_verdicts):
    lines = printed.splitlines()
    return lines[: -1 - num_verdicts], lines[-1 - num_verdicts : -1], lines[-1:]
