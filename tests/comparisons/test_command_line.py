"""The command line as a person meets it: what it prints, what it refuses in one line, what it leaves intact."""

import contextlib
import io
import os
import shlex
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch

from bayesopt import families
from comparisons.__main__ import COMMANDS, main
from metalearners.checkpoints import save_tensors
from tests.comparisons.predictions.networks import CountingNetwork

QUICK = ["--smoke", "--training.num-steps", "20", "--evaluation.num-tasks", "50", "--training-seeds", "0"]


def bayesgauge(*arguments, cwd):
    """Run a command line in this process, in a folder; warnings are printed, as they are in a program of its own."""
    arguments = [str(argument) for argument in arguments]
    printed, refused = io.StringIO(), io.StringIO()
    outputs = (contextlib.redirect_stdout(printed), contextlib.redirect_stderr(refused))
    with contextlib.chdir(cwd), outputs[0], outputs[1], warnings.catch_warnings():
        warnings.simplefilter("default")
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = ended.code
    return subprocess.CompletedProcess(arguments, code, printed.getvalue(), refused.getvalue())


def assert_refused(completed, *words):
    """Exit code not 0, one line on standard error that holds the words, and no traceback."""
    assert completed.returncode not in (0, None)
    assert "Traceback" not in completed.stderr + completed.stdout
    lines = [line for line in completed.stderr.splitlines() if line.startswith("bayesgauge: ")]
    assert len(lines) == 1, completed.stderr
    for word in words:
        assert word in lines[0], lines[0]


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    completed = bayesgauge("run", "beta_bernoulli", *QUICK, cwd=folder)
    assert completed.returncode == 0, completed.stderr
    return folder, completed.stdout


def test_run_prints_the_answer_and_writes_the_report(finished_run):
    folder, printed = finished_run
    assert "KL(Bayes‖network) =" in printed
    assert "held:" in printed or "failed:" in printed
    report = folder / printed.rsplit("report: ", 1)[1].strip()
    assert report.name == "index.html"
    assert "<html" in report.read_text()
    assert (report.parent.parent / "experiment.json").exists()


def test_report_is_written_again_from_the_files_alone(finished_run):
    folder, printed = finished_run
    run_folder = next((folder / "results" / "beta_bernoulli_smoke").iterdir())
    before = (run_folder / "report" / "index.html").read_text()
    (run_folder / "report" / "index.html").unlink()
    completed = bayesgauge("report", run_folder, cwd=folder)
    assert completed.returncode == 0, completed.stderr
    assert (run_folder / "report" / "index.html").read_text() == before
    assert completed.stdout.splitlines()[:-1] == printed.splitlines()[:-1]
    assert completed.stdout.splitlines()[-1] == f"report: {run_folder / 'report' / 'index.html'}"


def test_a_truncated_checkpoint_is_refused_and_results_stay(finished_run):
    folder, _ = finished_run
    run_folder = next((folder / "results" / "beta_bernoulli_smoke").iterdir())
    checkpoint = sorted(run_folder.glob("checkpoints/seed-00/step-*.safetensors"))[-1]
    whole, evaluation = checkpoint.read_bytes(), (run_folder / "evaluation.nc").read_bytes()
    (run_folder / "evaluation.nc").unlink()
    try:
        checkpoint.write_bytes(whole[:-40])
        assert_refused(bayesgauge("run", "beta_bernoulli", *QUICK, cwd=folder), checkpoint.name, "truncated")
        save_tensors(checkpoint, {"x": torch.zeros(2)}, {})
        assert_refused(bayesgauge("run", "beta_bernoulli", *QUICK, cwd=folder), checkpoint.name, "another network")
        assert (run_folder / "measures.nc").exists()
        assert (run_folder / "report" / "index.html").exists()
    finally:
        checkpoint.write_bytes(whole)
        (run_folder / "evaluation.nc").write_bytes(evaluation)


def test_a_truncated_result_is_refused(finished_run, tmp_path):
    folder, _ = finished_run
    run_folder = next((folder / "results" / "beta_bernoulli_smoke").iterdir())
    for path in run_folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "evaluation.nc").write_bytes((run_folder / "evaluation.nc").read_bytes()[:3000])
    assert_refused(bayesgauge("report", tmp_path, cwd=tmp_path), "evaluation.nc", "truncated")
    assert_refused(bayesgauge("report", tmp_path / "nowhere", cwd=tmp_path), "no results at")


def test_a_full_disk_is_said_in_one_line_and_ends_the_program_with_code_1(finished_run, tmp_path):
    """A limit on the size of files stands for the disk: every write beyond 200 KiB fails, here after training."""
    shutil.copytree(finished_run[0] / "results", tmp_path / "results", ignore=shutil.ignore_patterns("*.nc", "report"))
    command = shlex.join([sys.executable, "-m", "comparisons", "run", "beta_bernoulli", *QUICK])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    limited = ["bash", "-c", f"ulimit -f 200; exec {command}"]
    completed = subprocess.run(limited, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert completed.returncode == 1
    assert_refused(completed, "could not write", "evaluation.nc")
    assert not list(tmp_path.rglob("*.partial"))
    resumed = bayesgauge("run", "beta_bernoulli", *QUICK, cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["runn"], ["no command 'runn' (did you mean 'run'?)"]),
        (
            ["run", "beta_bernuli"],
            ["unknown name 'beta_bernuli' (did you mean 'beta_bernoulli'?). Families: ", ". Papers: ", "mikulik_2020"],
        ),
        (["run", "mikulik_2021"], ["unknown name 'mikulik_2021' (did you mean 'mikulik_2020'?). Families: "]),
        (["run", "no_such_package:MINE"], ["No module named 'no_such_package'"]),
        (["run", "math:"], ["an experiment of your own must be package.module:name; got 'math:'"]),
        (["run", "math:MINE"], ["an experiment of your own must exist; math has no 'MINE'"]),
        (["run", "math:pi"], ["math:pi must be an experiment; got a float"]),
        (
            ["run", "beta_bernoulli", "--family.concentration1", "-1"],
            ["concentration1 must be a finite number > 0", "-1"],
        ),
        (["run", "beta_bernoulli", "--training.num-steps", "0"], ["num_steps must be an integer of at least 1; got 0"]),
        (["run", "beta_bernoulli", "--training.length", "5"], ["training.length (5) and evaluation.length (20)"]),
        (["show", "nothing"], ["unknown name 'nothing'. Families: ", ". Papers: "]),
        (["check", "nothing"], ["unknown name 'nothing'. Families: "]),
        (["score", "nothing", "--network", "torch.nn:Identity"], ["unknown name 'nothing'. Families: "]),
        (["score", "beta_bernoulli", "--network", "nonsense"], ["must be package.module:name; got 'nonsense'"]),
        (["score", "beta_bernoulli", "--network", "no_such_package:make"], ["No module named 'no_such_package'"]),
        (["score", "beta_bernoulli", "--network", "math:make"], ["--network must exist; math has no 'make'"]),
        (["score", "beta_bernoulli", "--network", "math:pi"], ["must name a callable; math:pi is a float"]),
        (
            ["score", "beta_bernoulli", "--network", "builtins:dict"],
            ["must make a torch.nn.Module; builtins:dict made a dict"],
        ),
    ],
    ids=lambda value: " ".join(value)[:40],
)
def test_what_is_wrong_is_said_in_one_line(arguments, words, bayesgauge_here, tmp_path):
    assert_refused(bayesgauge_here(*arguments), *words)
    assert not list(tmp_path.iterdir())


def test_a_setting_with_a_typo_names_the_right_one(tmp_path):
    completed = bayesgauge("run", "beta_bernoulli", "--traning.num-steps", "3", cwd=tmp_path)
    assert completed.returncode == 2
    assert "--training.num-steps" in completed.stderr + completed.stdout
    assert "Traceback" not in completed.stderr


def test_score_a_network_of_ones_own(tmp_path):
    (tmp_path / "mine.py").write_text(Path("tests/comparisons/predictions/networks.py").read_text())
    save_tensors(tmp_path / "w.safetensors", CountingNetwork(0.25).state_dict(), {})
    completed = bayesgauge(
        *("score", "beta_bernoulli", "--network", "mine:CountingNetwork", "--weights", "w.safetensors"),
        *("--evaluation.num-tasks", "100", "--evaluation.certificate-length", "6", "--output", "out"),
        cwd=tmp_path,
    )
    assert completed.returncode == 0, completed.stderr
    assert "KL(Bayes‖network) =" in completed.stdout
    assert (tmp_path / "out" / "index.html").exists()
    assert (tmp_path / "out" / "comparison.nc").exists()
    for factory, words in (("LooksAhead", "not causal"), ("PutsOutNan", "not finite")):
        assert_refused(bayesgauge("score", "beta_bernoulli", "--network", f"mine:{factory}", cwd=tmp_path), words)


def test_list_and_show_name_every_family(bayesgauge_here):
    listed = bayesgauge_here("list")
    assert listed.returncode == 0, listed.stderr
    for identifier, cls in families.discover().items():
        assert identifier in listed.stdout
        assert cls.__name__ in listed.stdout
    shown = bayesgauge_here("show", "NormalNormal")
    assert shown.returncode == 0, shown.stderr
    for word in ("normal_normal", "def model", "training = TrainingConfig", "exact"):
        assert word in shown.stdout


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)], ids=" ".join)
def test_help_helps(arguments, tmp_path):
    completed = bayesgauge(*arguments, cwd=tmp_path)
    assert completed.returncode == 0, completed.stderr
    assert " ".join(["usage: bayesgauge", *arguments[:-1]]) in completed.stdout
