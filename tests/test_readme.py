"""The README keeps its word: its Python prints what its comments say, and its tree names the folders that there are."""

import re
from pathlib import Path

import pytest

README = Path("README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
NUMBER = r"(\d+\.\d+(?:e-?\d+)?)"


def _printed(block, capsys, tmp_path, monkeypatch):
    assert len([line for line in block.splitlines() if line.strip()]) <= 10
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})
    return capsys.readouterr().out


def _numbers(pattern, text):
    found = re.search(pattern, text)
    assert found is not None
    return [float(number) for number in found.groups()]


def test_there_are_two_blocks_of_python():
    assert len(BLOCKS) == 2


def test_the_lines_on_predictions_print_what_their_comment_says(capsys, tmp_path, monkeypatch):
    printed = _printed(BLOCKS[0], capsys, tmp_path, monkeypatch)
    pattern = rf"KL\(Bayes‖network\) = {NUMBER} \[{NUMBER}, {NUMBER}\] nats/step"
    # Training in float32 ends elsewhere on another processor.
    assert _numbers(pattern, printed) == pytest.approx(_numbers(pattern, BLOCKS[0]), rel=0.3)
    assert (tmp_path / "kl_by_time.png").stat().st_size > 0


def test_the_lines_on_decisions_print_what_their_comments_say(capsys, tmp_path, monkeypatch):
    printed = _printed(BLOCKS[1], capsys, tmp_path, monkeypatch)
    (value,) = re.findall(r"no policy earns more: (12\.\d+)\.\.\. rewards", BLOCKS[1])
    assert printed.startswith(value)
    (shortfall,) = re.findall(r"# (a shortfall .*)$", BLOCKS[1], flags=re.MULTILINE)
    assert shortfall in printed
    estimate, lower, upper = _numbers(rf"= {NUMBER} \(95 % interval {NUMBER} to {NUMBER}", printed)
    assert f"{estimate} [{lower}, {upper}] rewards per 20 trials" in README


def test_the_tree_names_the_folders_that_there_are():
    tree = README[README.index("## The tree") : README.index("## Where the ideas")]
    named, package = set(), ""
    for indent, name in re.findall(r"^( *)(\w+)/ ", tree, flags=re.MULTILINE):
        package = package if indent else name
        named.add(Path(package, name) if indent else Path(name))
    packages = [Path(package) for package in ("bayesopt", "metalearners", "comparisons")]
    found = {path.parent for package in packages for path in package.rglob("*.py")}
    found = {path for path in found if len(path.parts) <= 2 and path.name != "__pycache__"}
    assert named == found | {Path("tests"), Path("docs")}


def test_the_pages_and_pictures_that_it_links_to_exist():
    linked = re.findall(r"\]\(([^)#]+)\)", README)
    assert linked
    assert [path for path in linked if not Path(path).exists()] == []
