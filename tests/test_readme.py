"""The README keeps its word: its Python runs as printed, and its tree names files that exist."""

import re
from pathlib import Path

README = Path("README.md").read_text()


def test_the_ten_lines_run_and_print_the_answer(capsys):
    (block,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len([line for line in block.splitlines() if line.strip()]) <= 10
    exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert re.search(r"KL\(Bayes‖network\) = [\d.e-]+ \[[\d.e-]+, [\d.e-]+\] nats/step", printed)


def test_the_tree_names_files_that_exist():
    tree = README[README.index("## The tree") : README.index("## Where the ideas")]
    package = ""
    named = 0
    for line in tree.splitlines():
        if match := re.match(r"(\w+)/", line):
            package = match[1]
            assert Path(package).is_dir()
        elif match := re.match(r"  (\S+\.py) ", line):
            assert Path(package, match[1]).is_file(), line
            named += 1
    assert named > 40
