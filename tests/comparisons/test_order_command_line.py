"""The order of learning from the command line: what is shown, and what is refused in one line."""

import pytest

from comparisons.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["score", "linear_regression", "--network", "torch.nn:Identity"], "scored on prediction and bandit families"),
        (["run", "linear_regression", "--evaluation.num-probes", "3"], "a linear fit in 5 inputs needs at least 6"),
        (["run", "function_regression", "--evaluation.num-probes", "8"], "resolves frequencies below 4; got 5"),
        (["run", "linear_regression", "--singular-values", "0.1", "2"], "singular_values must be strongest first"),
        (["run", "contextual_bandit", "--family.num-contexts", "0"], "num_contexts must be an integer of at least 1"),
        (["run", "rabinowitz_2019", "--only", "maps"], "no experiment 'maps' in rabinowitz_2019; there are linear"),
        (["run", "rabinowitz_2019", "--seeds", "-1"], "seeds must be at least 1"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_said_in_one_line(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert message in said[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "reference"),
    [("linear_regression", "exact"), ("function_regression", "exact"), ("contextual_bandit", "optimum")],
)
def test_families_are_shown_with_their_experiments(name, reference, capsys):
    assert main(["show", name]) == 0
    shown = capsys.readouterr().out
    assert f"reference: {reference}" in shown
    assert "num_tasks=5000" in shown
