"""What a command prints of a finished comparison."""

from comparisons.comparison import Comparison
from comparisons.report.page import verdicts_of


def print_result(comparison: Comparison) -> None:
    """Print the answer, and the verdict on every claim."""
    print(comparison.summary())
    for verdict in verdicts_of(comparison.tree):
        print(f"{verdict.outcome:>9}: {verdict.statement}")
