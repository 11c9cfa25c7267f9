"""Parts of a paper, and other numbers of seeds, have reports of their own: the whole report stays as it is."""

import dataclasses
import json
import shutil
import sys
from types import ModuleType, SimpleNamespace

import pytest

from comparisons import open_comparison, reproductions
from comparisons.kind import Answer
from comparisons.report.page import _remove_figures_of_before
from comparisons.reproductions._running import (
    LONGEST_NAME,
    ReproductionOptions,
    folder_of_report,
    render_reproduction,
    run_reproduction,
)
from comparisons.results import MEASURES_FILE
from comparisons.rows import Table, table_of
from comparisons.tree import REPRODUCTION, open_tree, save_tree, with_attributes
from metalearners.atomic import write_atomically
from tests.comparisons.toy_kind.experiment import TOY
from tests.comparisons.toy_kind.kind import KIND

NAMES = ("a", "b", "c")


def experiments():
    return {name: dataclasses.replace(TOY, seed=seed) for seed, name in enumerate(NAMES)}


def measures(trees):
    placed = [table_of(tree).placed(experiment=name) for name, tree in trees.items()]
    return Table(tuple(entry for table in placed for entry in table.entries))


def answer(tree, table, verdicts):
    return Answer(f"{len(table.entries)} rows were made up.", [])


@pytest.fixture
def paper(monkeypatch):
    """A paper of three toy experiments, and one further; reports of experiments are empty."""
    made = SimpleNamespace(
        __doc__="A made-up paper.",
        experiments=experiments,
        further_experiments=lambda: {"d": dataclasses.replace(TOY, seed=9)},
        measures=measures,
        figure_points=lambda trees: {},
    )
    monkeypatch.setattr(reproductions, "load", lambda identifier: made)
    package, kind = (ModuleType(f"comparisons.reproductions.made_up{name}") for name in ("", ".kind"))
    shown = {"schema": REPRODUCTION, "figures": (), "claims": lambda tree, table: [], "answer": answer}
    vars(kind)["KIND"] = dataclasses.replace(KIND, question=lambda tree: "What is made up?", **shown)
    for module in (package, kind):
        monkeypatch.setitem(sys.modules, module.__name__, module)

    def write_empty_report(tree, path, **words):
        write_atomically(path / "index.html", b"")
        return path / "index.html"

    monkeypatch.setattr("comparisons.stages.write_report", write_empty_report)
    return "made_up"


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_part_and_other_seeds_never_replace_the_whole(paper, tmp_path):
    whole = run_reproduction(paper, tmp_path, ReproductionOptions()).parent.parent
    assert whole == tmp_path / "made_up"
    before = contents(whole)
    part = run_reproduction(paper, tmp_path, ReproductionOptions(only=("c", "a"))).parent.parent
    seeds = run_reproduction(paper, tmp_path, ReproductionOptions(seeds=3)).parent.parent
    both = run_reproduction(paper, tmp_path, ReproductionOptions(seeds=3, only=("b",))).parent.parent
    assert (part, seeds, both) == (whole / "parts" / "a+c", whole / "seeds-3", whole / "seeds-3" / "parts" / "b")
    after = contents(whole)
    assert {path: after[path] for path in before} == before
    assert len(list((whole / "experiments" / "guess").iterdir())) == 6  # a part trains nothing again
    summary, tree = open_comparison(part).summary(), open_comparison(part).tree
    assert "not the whole reproduction, which is `bayesgauge run made_up`. It has a, c; left out: b." in summary
    assert "It has a, c; left out: b." in (part / "report" / "index.html").read_text()
    assert tree.attrs["command"] == "bayesgauge run made_up --only c a"
    assert all((part / place).exists() for place in json.loads(tree.attrs["experiments"]).values())
    assert "Every experiment has 3 training seeds." in open_comparison(seeds).summary()
    assert "not the whole" not in open_comparison(whole).summary()
    assert open_comparison(whole).tree.attrs["command"] == "bayesgauge run made_up"


def test_all_experiments_by_name_are_the_whole_and_long_names_are_shortened(paper, tmp_path):
    assert folder_of_report(paper, tmp_path, ReproductionOptions(only=("c", "b", "a"))) == tmp_path / "made_up"
    assert folder_of_report(paper, tmp_path, ReproductionOptions(only=("d",))) == tmp_path / "made_up" / "parts" / "d"
    smoke = ReproductionOptions(smoke=True, only=("a",))
    assert folder_of_report(paper, tmp_path, smoke) == tmp_path / "made_up_smoke" / "parts" / "a"
    name = folder_of_report("made_up", tmp_path, ReproductionOptions(only=("a", "b"))).name
    assert name == "a+b" and len(name) <= LONGEST_NAME


def test_a_table_that_was_made_from_other_measures_is_refused(paper, tmp_path):
    folder = run_reproduction(paper, tmp_path, ReproductionOptions(only=("a", "b"))).parent.parent
    (place, other) = json.loads(open_comparison(folder).tree.attrs["experiments"]).values()
    path = (folder / place).parent.parent / MEASURES_FILE
    before = path.read_bytes()
    save_tree(with_attributes(open_tree(path), changed=1), path)
    with pytest.raises(ValueError, match=r"reproduction.nc was not made from .* \(a\). Run `bayesgauge run made_up"):
        render_reproduction(folder)
    path.write_bytes(before)
    assert render_reproduction(folder).exists()
    shutil.copy((folder / other).parent.parent / MEASURES_FILE, path)
    with pytest.raises(ValueError, match=r"reproduction.nc was not made from .* \(a\)"):
        render_reproduction(folder)


def test_figures_that_a_report_no_longer_has_are_removed_and_nothing_else(tmp_path):
    for name in ("errors.png", "errors.csv", "gone.png", "gone.csv", "notes.csv"):
        (tmp_path / name).touch()
    _remove_figures_of_before(tmp_path, {"errors", "gone"}, {"errors.png": b"", "errors.csv": b""})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["errors.csv", "errors.png", "notes.csv"]
