"""The numbers behind every figure of foragers, as tables: one row for each point or cell that is drawn.

`who` is the network, a reference, or the paper (see `comparisons.foraging_paper`).
"""

import numpy as np
import pandas as pd
import xarray as xr

from comparisons import foraging_paper as paper
from comparisons.foraging_measures import GOALS, trained_for

NETWORK, PAPER = "network", "paper"
MAPPED = (10, 20, 30, 50, 100)
"""Training lifetimes whose behaviour is drawn, where there are such networks."""
_PREFIX = trained_for(0).removesuffix("0")


def train_lifetimes(tree: xr.DataTree) -> list[int]:
    """The lifetimes that networks were trained for."""
    return [int(lifetime) for lifetime in tree["networks"].dataset["train_lifetime"].to_numpy()]


def longest_lifetime(tree: xr.DataTree) -> int:
    """The longest lifetime that is tested."""
    return int(tree["networks"].dataset["test_lifetime"].to_numpy()[-1])


def mapped_lifetimes(tree: xr.DataTree) -> list[int]:
    """The training lifetimes whose behaviour is drawn: those of `MAPPED`, or the first few."""
    available = train_lifetimes(tree)
    return [lifetime for lifetime in MAPPED if lifetime in available] or available[:5]


def is_paper_family(tree: xr.DataTree) -> bool:
    """Whether the paper's numbers are of the same grid and lifetime."""
    from bayesopt.families import ForagingGrid

    return tree.attrs["family"] == repr(ForagingGrid()) and longest_lifetime(tree) == 100


def measure_rows(tree: xr.DataTree, measure: str) -> pd.DataFrame:
    """A measure of networks by training lifetime, with the paper's numbers where they are of the same."""
    table = tree["measures"].to_dataset().to_dataframe().reset_index(drop=True)
    rows = table[(table.measure == measure) & table.predictor.str.startswith(_PREFIX)]
    found = rows.assign(who=NETWORK, train_lifetime=rows.predictor.str.removeprefix(_PREFIX).astype(int))
    found = found[["measure", "who", "train_lifetime", "estimate", "lower", "upper", "unit"]]
    known = _PAPER.get(measure)
    if known is None or not is_paper_family(tree):
        return found
    rest = {"measure": measure, "who": PAPER, "lower": np.nan, "upper": np.nan, "unit": found.unit.iloc[0]}
    printed = [{**rest, "train_lifetime": t, "estimate": value} for t, value in known.by_lifetime.items()]
    return pd.concat([found, pd.DataFrame(printed)], ignore_index=True)


def reference_value(tree: xr.DataTree, measure: str, reference: str) -> float:
    """A measure of a reference; NaN where there is none."""
    table = tree["measures"].to_dataset().to_dataframe()
    rows = table[(table.measure == measure) & (table.predictor == reference)]
    return float(rows.estimate.iloc[0]) if len(rows) else np.nan


def return_table(tree: xr.DataTree) -> pd.DataFrame:
    """Returns and goals in the longest lifetime, by training lifetime; references have a row each."""
    measures = ("return", *GOALS)
    found = [measure_rows(tree, measure) for measure in measures]
    references = [
        {"measure": measure, "who": who, "estimate": reference_value(tree, measure, who)}
        for measure in measures
        for who in ("optimal", "small goal", "informed oracle", "untrained network")
    ]
    return pd.concat([*found, pd.DataFrame(references)], ignore_index=True)


def transfer_table(tree: xr.DataTree) -> pd.DataFrame:
    """Rewards per step for every pair of lifetimes, with the paper's where they are known."""
    table = tree["measures"].to_dataset().to_dataframe().reset_index(drop=True)
    rows = table[table.measure.str.fullmatch(r"return_per_step_in_\d+")]
    found = rows.assign(
        train_lifetime=rows.predictor.str.removeprefix(_PREFIX).astype(int),
        test_lifetime=rows.measure.str.removeprefix("return_per_step_in_").astype(int),
    )[["train_lifetime", "test_lifetime", "estimate", "lower", "upper", "unit"]]
    known = paper.TRANSFERS | {(t, t): value for t, value in paper.OWN_RETURNS.by_lifetime.items()}
    pairs = zip(found.train_lifetime, found.test_lifetime, strict=True)
    same = is_paper_family(tree)
    return found.assign(paper=[known.get(pair, np.nan) if same else np.nan for pair in pairs])


def own_table(tree: xr.DataTree) -> pd.DataFrame:
    """Rewards per step in the lifetime that was trained for, and what is exactly possible in it."""
    exact = tree["exact"].to_dataset()
    found = [measure_rows(tree, "own_return_per_step")]
    for who in ("optimal", "small_goal", "full_information"):
        values = (exact[who] / exact["lifetime"]).to_numpy()
        found.append(
            pd.DataFrame({"who": who.replace("_", " "), "train_lifetime": exact["lifetime"], "estimate": values})
        )
    return pd.concat(found, ignore_index=True)


def occupancy_table(tree: xr.DataTree) -> pd.DataFrame:
    """The share of steps in each cell, of networks by training lifetime and of references."""
    networks = tree["behaviour"].dataset["occupancy"].mean("training_seed").to_dataframe("share").reset_index()
    references = tree["reference_behaviour"].dataset["occupancy"].to_dataframe("share").reset_index()
    return pd.concat([networks.assign(who=NETWORK), references.rename(columns={"reference": "who"})], ignore_index=True)


def course_table(tree: xr.DataTree) -> pd.DataFrame:
    """Returns in the longest lifetime in the course of training, by the lifetimes that were played in it."""
    found = tree["curves"].dataset["returns"].to_dataset("bound").to_dataframe().reset_index()
    batch_size = int(tree.attrs["batch_size"])
    return found.assign(num_lifetimes=found.step * batch_size, unit=f"rewards per {longest_lifetime(tree)} steps")


def entropy_table(tree: xr.DataTree) -> pd.DataFrame:
    """Mean entropy of the choice at every step of the longest lifetime, in nats."""
    networks = tree["behaviour"].dataset["entropy"].mean("training_seed").to_dataframe("entropy").reset_index()
    references = tree["reference_behaviour"].dataset["entropy"].to_dataframe("entropy").reset_index()
    found = pd.concat(
        [networks.assign(who=NETWORK), references.rename(columns={"reference": "who"})], ignore_index=True
    )
    return found.assign(step=found.time + 1).drop(columns="time")


def state_table(tree: xr.DataTree) -> pd.DataFrame:
    """In how many dimensions hidden states spread, and how much of it three components hold."""
    return pd.concat(
        [measure_rows(tree, measure) for measure in ("participation_ratio", "explained_by_three")], ignore_index=True
    )


_PAPER = {
    "return": paper.RETURNS,
    **paper.GOALS,
    "own_return_per_step": paper.OWN_RETURNS,
    "participation_ratio": paper.PARTICIPATION_RATIOS,
    "explained_by_three": paper.EXPLAINED_BY_THREE,
}
