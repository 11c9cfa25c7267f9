"""Refusals of the command line: one line on standard error that names what is wrong, and the right exit code."""

import json
import re
import sys

import pytest

from comparisons.__main__ import main

UNKNOWN = 2
REFUSED = 1


@pytest.fixture
def refused(bayesgauge_here):
    """Runs a command line that must be refused, and returns its exit code and its line."""

    def run(*arguments):
        completed = bayesgauge_here(*arguments)
        assert completed.stderr.count("\n") == 1, completed.stderr
        assert completed.stderr.startswith("bayesgauge: ")
        return completed.returncode, completed.stderr.removeprefix("bayesgauge: ").strip()

    return run


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["--training.num-steps", "1.5"], REFUSED, "--training.num-steps must be an integer; got '1.5'"),
        (["--training.num-steps", "1e99"], REFUSED, "--training.num-steps must be an integer of at most 2,147,483,647"),
        (["--training.num-steps", "9" * 5000], REFUSED, "--training.num-steps must be an integer; got '999"),
        (["--training.num-steps="], REFUSED, "--training.num-steps must be an integer; got ''"),
        (["--training-seeds", "0", "b"], REFUSED, "--training-seeds must be an integer; got 'b'"),
        (["--training-seeds"], REFUSED, "training_seeds must be distinct and at least one; got ()"),
        (["--family.concentration1", "½"], REFUSED, "--family.concentration1 must be a number; got '½'"),
        (
            ["--family.concentration1", "1e400"],
            REFUSED,
            "--family.concentration1 must be a number that float64 can hold",
        ),
        (["--results", ""], REFUSED, "--results must be a path; got ''"),
        (
            ["--network.hiden-size", "4"],
            UNKNOWN,
            "no option '--network.hiden-size' (did you mean '--network.hidden-size'?)",
        ),
        (["--network.hidden-size"], UNKNOWN, "--network.hidden-size needs a value"),
        (["--smoke", "yes"], UNKNOWN, "--smoke takes no value; got 'yes'"),
        (["--seed", "1", "2"], UNKNOWN, "unexpected argument '2'"),
        (["--seed", "1", "--seed", "2"], UNKNOWN, "--seed is given 2 times; give it once"),
        (
            ["--evaluation.num_tasks", "1", "--evaluation.num-tasks=2"],
            UNKNOWN,
            "--evaluation.num-tasks is given 2 times",
        ),
        (["--tyro-print-completion", "bash"], UNKNOWN, "no option --tyro-print-completion"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_a_refused_option_is_named(arguments, code, line, refused):
    found_code, found = refused("run", "beta_bernoulli", *arguments)
    assert (found_code, found[: len(line)]) == (code, line)


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (
            ["run", "foraging_grid", "--first-lifetime", "x"],
            REFUSED,
            "--first-lifetime must be None or an integer; got 'x'",
        ),
        (["run", "lange"], REFUSED, "unknown name 'lange' (did you mean 'lange_sprekeler_2020'?)"),
        (["show", "Lange"], REFUSED, "unknown name 'Lange' (did you mean 'lange_sprekeler_2020'?)"),
        (["check", "mikulik_2020"], REFUSED, "name must be a family; 'mikulik_2020' is a paper"),
        (["score", "mikulik_2020", "--network", "a:b"], REFUSED, "name must be a family; 'mikulik_2020' is a paper"),
        (["run", "mikulik_2020", "--only"], UNKNOWN, "--only needs the name of an experiment"),
        (["run"], UNKNOWN, "missing NAME"),
        (["run", "--smoke", "beta_bernoulli"], UNKNOWN, "NAME must come first, then options; got '--smoke'"),
        (["show"], UNKNOWN, "missing NAME"),
        (["score"], UNKNOWN, "missing FAMILY and --network STR"),
        (["gittins", "1"], UNKNOWN, "missing CONCENTRATION0 and --discount FLOAT"),
        (["gittins", "1", "x", "--discount", ".9"], REFUSED, "CONCENTRATION0 must be a number; got 'x'"),
        (["list", "x"], UNKNOWN, "unexpected argument 'x'"),
        (["--vresion"], UNKNOWN, "no command '--vresion'"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_what_a_command_lacks_is_named(arguments, code, line, refused):
    found_code, found = refused(*arguments)
    assert (found_code, found[: len(line)]) == (code, line)


def test_no_command_shows_the_help_and_says_what_is_missing(bayesgauge_here):
    completed = bayesgauge_here()
    assert completed.returncode == UNKNOWN
    assert "--version" in completed.stdout
    assert completed.stderr.startswith("bayesgauge: missing COMMAND; there are list, show")


@pytest.mark.parametrize(
    ("results", "line"),
    [
        ("file", "--results must be a folder; '{here}/file' is a file"),
        ("file/below", "--results must be a folder; '{here}/file' is a file"),
        ("loop", "--results must be a folder; got 'loop'"),
        ("x" * 300, "--results must be a folder; got 'xxx"),
        ("/dev/null", "--results must be a folder; '/dev/null' is a file"),
        ("/proc/nothing", "--results must be a folder that can be written; '/proc' cannot"),
    ],
)
def test_a_folder_that_cannot_be_written_is_refused_before_training(results, line, refused, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.setattr("os.access", lambda path, mode: str(path) != "/proc")  # tests may run as root
    code, found = refused("run", "beta_bernoulli", "--results", results)
    assert code == REFUSED
    assert found.startswith(line.format(here=tmp_path))


RAISED = {
    "returns nothing": "",
    "ValueError": "raise ValueError('first\\nsecond')",
    "own class": "raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})()",
    "SystemExit": "raise SystemExit(0)",
    "BaseException": "raise BaseException('all of them')",
    "RecursionError": "make()",
    "KeyError": "{}['missing']",
    "control signs": "raise OSError('\\x1b[31mred')",
    "changes directory": "import os; os.chdir('/'); raise ValueError",
}


@pytest.mark.parametrize("raised", RAISED)
def test_whatever_the_code_of_a_user_raises_is_one_line(raised, refused, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(f"def make():\n    {RAISED[raised] or 'pass'}\n")
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    code, line = refused("score", "beta_bernoulli", "--network", "mine:make")
    assert code == REFUSED
    assert "mine" in line
    assert line.isprintable()
    if raised not in ("returns nothing", "KeyError"):
        assert re.search(r"mine\.py(:|, line )2", line), line


def test_a_module_that_fails_when_it_is_imported_is_one_line(refused, tmp_path):
    (tmp_path / "broken_one.py").write_text("import os\nimport no_such_package_at_all\n")
    (tmp_path / "broken_two.py").write_text("def make(:\n")
    for name in ("broken_one", "broken_two"):
        code, line = refused("score", "beta_bernoulli", "--network", f"{name}:make")
        assert code == REFUSED
        assert name in line


def test_traceback_shows_where_an_error_comes_from(tmp_path, monkeypatch, capsys):
    (tmp_path / "mine_too.py").write_text("def make():\n    raise ValueError('here')\n")
    monkeypatch.chdir(tmp_path)
    command = ["score", "beta_bernoulli", "--network", "mine_too:make"]
    assert main([*command, "--traceback"]) == REFUSED
    shown = capsys.readouterr().err
    assert "Traceback (most recent call last)" in shown
    assert shown.splitlines()[-1].startswith("bayesgauge: ")
    monkeypatch.setenv("BAYESGAUGE_TRACEBACK", "0")
    assert main(command) == REFUSED
    assert "Traceback" not in capsys.readouterr().err


def test_answers_in_json(bayesgauge_here):
    index = json.loads(bayesgauge_here("gittins", "1", "1", "--discount", "0.9", "--json").stdout)
    assert abs(index["index"] - 0.7028891938) <= index["error_bound"] + 1e-9
    listed = json.loads(bayesgauge_here("list", "--json").stdout)
    assert {"mikulik_2020"} <= {paper["paper"] for paper in listed["papers"]}
    shown = json.loads(bayesgauge_here("show", "NormalNormal", "--json").stdout)
    assert (shown["id"], shown["reference"]) == ("normal_normal", "exact")
    paper = json.loads(bayesgauge_here("show", "mikulik_2020", "--json").stdout)
    assert paper["claims"]


def test_a_check_without_assertions_is_refused(refused, monkeypatch):
    """Python's -O strips assertions, and every check would pass; here the compiled constant stands for the option."""
    from comparisons.commands import check

    monkeypatch.setattr(check, "HAS_ASSERTIONS", False)
    assert refused("check", "beta_bernoulli")[1].startswith("the contract is made of assertions")
