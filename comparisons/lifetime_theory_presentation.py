"""How three theories of when learning pays are shown without any network: headline, diagnostics and summary."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.claims import Verdict
from comparisons.lifetime_players import COMMIT, PRINTED, SEQUENTIAL
from comparisons.report_rows import Diagnostic, Headline, row_of, tally
from comparisons.wording import number


def theory_headline(tree: xr.DataTree, table: pd.DataFrame, verdicts: Sequence[Verdict]) -> Headline:
    """In how many settings each theory learns, in the longest lifetime; what each earns in all lifetimes."""
    lifetimes = lifetimes_of(tree)
    last = lifetimes[-1]
    num_cells = int((tree["theory"].dataset["lifetime"].to_numpy() == last).sum())
    counts = {who: _found(table, "learning_count", last, who) for who in (SEQUENTIAL, COMMIT, PRINTED)}
    sentence = (
        f"In lifetimes of {last} trials learning pays in {counts[SEQUENTIAL]:g} of {num_cells} settings by the "
        f"{SEQUENTIAL}, in {counts[COMMIT]:g} by the {COMMIT}, and in {counts[PRINTED]:g} by the {PRINTED}."
    )
    return Headline(sentence, [*tally(verdicts), *theory_summary(tree, table)])


def theory_diagnostics(tree: xr.DataTree) -> list[Diagnostic]:
    """What speaks for the reference."""
    error = float(tree["theory"].dataset["sequential_value_error"].max())
    finding = (
        "backward induction on the posterior mean of the uncertain arm, without discounting; values are wrong by at "
        f"most {number(error, 2)} rewards per lifetime, as measured"
    )
    return [Diagnostic("Reference", finding, "")]


def theory_summary(tree: xr.DataTree, table: pd.DataFrame) -> list[str]:
    """A line per lifetime: what share of the sequential optimum the other two earn, and how long they explore."""
    lines = []
    for lifetime in lifetimes_of(tree):
        said = (
            f"the {who} {number(100 * _found(table, 'share_of_sequential', lifetime, who))} %, exploring "
            f"{_found(table, 'longest_exploration', lifetime, who):g} trials at most"
            for who in (COMMIT, PRINTED)
        )
        lines.append(f"lifetime {lifetime}: of the sequential optimum's rewards earn {'; '.join(said)}")
    return lines


def lifetimes_of(tree: xr.DataTree) -> list[int]:
    """The lifetimes of a map, in ascending order."""
    return [int(lifetime) for lifetime in np.unique(tree["theory"].dataset["lifetime"].to_numpy())]


def _found(table: pd.DataFrame, measure: str, lifetime: int, who: str) -> float:
    return float(row_of(table, measure, f"lifetime {lifetime}: {who}").estimate)
