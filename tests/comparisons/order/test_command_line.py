"""The order of learning from the command line: what is shown, and what is refused in one line."""

import pytest

from tests.comparisons.test_command_line import assert_refused


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["score", "linear_regression", "--network", "torch.nn:Identity"],
            "networks are scored on sequences and bandits",
        ),
        (["run", "linear_regression", "--evaluation.num-probes", "3"], "a linear fit in 5 inputs needs at least 6"),
        (["run", "function_regression", "--evaluation.num-probes", "8"], "resolves frequencies below 4; got 5"),
        (["run", "linear_regression", "--singular-values", "0.1", "2"], "singular_values must be strongest first"),
        (["run", "contextual_bandit", "--family.num-contexts", "0"], "num_contexts must be an integer of at least 1"),
        (["run", "rabinowitz_2019", "--only", "maps"], "no experiment 'maps' in rabinowitz_2019; there are linear"),
        (["run", "rabinowitz_2019", "--seeds", "-1"], "seeds must be at least 1"),
        (
            ["run", "rabinovitz_2019"],
            "unknown name 'rabinovitz_2019' (did you mean 'rabinowitz_2019'?). Families: ",
        ),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_said_in_one_line(arguments, message, bayesgauge_here, tmp_path):
    assert_refused(bayesgauge_here(*arguments), message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "reference"),
    [("linear_regression", "exact"), ("function_regression", "exact"), ("contextual_bandit", "optimum")],
)
def test_families_are_shown_with_their_experiments(name, reference, bayesgauge_here):
    completed = bayesgauge_here("show", name)
    assert completed.returncode == 0
    assert f"reference: {reference}" in completed.stdout
    assert "num_tasks=5000" in completed.stdout
