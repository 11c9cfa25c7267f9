"""The README keeps its word: its Python runs as printed, and its tree names files that exist."""

import re
from pathlib import Path

README = Path("README.md").read_text()


PREDICTION, DECISIONS, ORDER, LIFETIME = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


def _printed(block, capsys, *, most_lines=10):
    assert len([line for line in block.splitlines() if line.strip()]) <= most_lines
    exec(compile(block, "README.md", "exec"), {})
    return capsys.readouterr().out


def test_the_ten_lines_run_and_print_the_answer(capsys):
    printed = _printed(PREDICTION, capsys)
    assert re.search(r"KL\(Bayes‖network\) = [\d.e-]+ \[[\d.e-]+, [\d.e-]+\] nats/step", printed)


def test_the_lines_on_decisions_run_and_print_the_answer(capsys):
    printed = _printed(DECISIONS, capsys)
    stated = re.search(r"no policy earns more: (12\.\d+)\.\.\. rewards", DECISIONS)
    assert stated is not None and printed.startswith(stated[1])
    shortfall = re.search(r"V\* − V\(network\) = ([\d.]+) \[[\d.]+, [\d.]+\] rewards per 20 trials", printed)
    assert shortfall is not None and round(2 * float(shortfall[1])) == 1


def test_the_lines_on_the_order_of_learning_run_and_print_the_answer(capsys):
    printed = _printed(ORDER, capsys, most_lines=12)
    stated = re.search(r"two layers of a linear network are at (\d\.\d+)", README)
    score = re.search(r"estimate=([\d.]+), lower=([\d.]+), upper=([\d.]+)", printed)
    assert stated is not None and score is not None
    estimate, lower, upper = map(float, score.groups())
    assert f"{estimate:.2f}" == stated[1] and lower < estimate < upper


def test_the_lines_on_when_to_learn_run_and_print_the_answer(capsys):
    printed = _printed(LIFETIME, capsys, most_lines=4)
    stated = re.search(r"# (\d+) trials\n.*# (\d+\.\d+)\.\.\. rewards", LIFETIME)
    assert stated is not None and printed.startswith(f"{stated[1]}\n{stated[2]}")


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
