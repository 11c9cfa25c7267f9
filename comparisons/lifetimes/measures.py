"""From networks on a map of settings to numbers a person reads: regret, regimes, and where their boundary lies.

Regret is always to the sequential optimum, which is the Bayes-optimal policy; the other yardsticks are policies too,
and have a regret of their own beside the networks'.
"""

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float

from comparisons.kind import Vocabulary
from comparisons.lifetimes.grid import FEW_CELLS, grid_of
from comparisons.lifetimes.players import COMMIT, NETWORK, NEVER, PRINTED, SEQUENTIAL, UNTRAINED, YARDSTICKS
from comparisons.lifetimes.regime_boundaries import boundary, boundary_distance
from comparisons.lifetimes.regimes import THRESHOLD, learning_share
from comparisons.lifetimes.state_measures import SHUFFLED, state_measures
from comparisons.rows import Measure
from comparisons.seeding import integer_for
from comparisons.statistics.dip import dip_test
from comparisons.statistics.intervals import LEVEL, Interval, t_interval


def with_lifetime_measures(tree: xr.DataTree, *, seed: int) -> xr.DataTree:
    """The tree with two more groups: `measures`, the table of results, and `curves`, what each cell comes to."""
    table = pd.DataFrame(lifetime_measures(tree, seed=integer_for(seed, "bootstrap")))
    measures = xr.Dataset({name: (("row",), table[name].to_numpy()) for name in table.columns})
    measures.attrs["level"] = LEVEL
    return tree.assign({"measures": xr.DataTree(measures), "curves": xr.DataTree(cell_curves(tree))})


def lifetime_measures(tree: xr.DataTree, *, seed: int) -> list[Measure]:
    """The table of results."""
    theory, networks = tree["theory"].to_dataset(), tree["networks"].to_dataset()
    lifetimes = np.unique(theory["lifetime"].to_numpy())
    rows: list[Measure] = []
    for lifetime in lifetimes:
        chosen = theory["lifetime"].to_numpy() == lifetime
        rows += _of_map(theory.isel(cell=chosen), networks.isel(cell=chosen), int(lifetime), seed)
    if theory.sizes["cell"] <= FEW_CELLS:
        for cell in range(theory.sizes["cell"]):
            rows += _of_cell(theory.isel(cell=cell), networks.isel(cell=cell), seed)
    return [*rows, *state_measures(tree)]


def cell_curves(tree: xr.DataTree) -> xr.Dataset:
    """What every cell comes to over training seeds: pulls under the probe, share of seeds that learn, regret."""
    networks = tree["networks"].to_dataset()
    pulls = networks["probe_pulls"].mean("probe")
    with np.errstate(invalid="ignore"):
        return xr.Dataset(
            {
                "probe_pulls": pulls.mean("training_seed"),
                "shortfall": networks["shortfall"].mean("training_seed"),
                "is_learning": (pulls > THRESHOLD).where(pulls.notnull()).mean("training_seed"),
            }
        )


def _over(num_seeds: int) -> str:
    return "training seeds" if num_seeds > 1 else "tasks"


def _of_map(theory: xr.Dataset, networks: xr.Dataset, lifetime: int, seed: int) -> list[Measure]:
    """Sums over a map, how cells agree, and how far the learned boundary is from the exact one."""
    shortfall, errors = networks["shortfall"].to_numpy(), networks["shortfall_error"].to_numpy()
    pulls = networks["probe_pulls"].mean("probe").to_numpy()
    ceilings, best = theory["full_information_value"].to_numpy(), theory["sequential_value"].to_numpy()
    ceiling = float(ceilings.sum())
    num_seeds, where = len(shortfall), f"lifetime {lifetime}"
    rows: list[Measure] = []

    def add(measure: str, who: str, interval: Interval, unit: str, over: str) -> None:
        rows.append(Measure(measure, f"{where}: {who}", *interval, unit, over))

    def exact(measure: str, who: str, value: float, unit: str) -> None:
        add(measure, who, Interval(value, value, value), unit, "nothing: exact")

    if ceiling > 0:  # else there is nothing to be had, by anybody
        summed = _share(shortfall, ceilings)
        error = float(np.sqrt(np.nansum(errors**2, axis=1)).mean()) / ceiling
        add("regret_share", NETWORK, t_interval(summed, error), "fraction", _over(num_seeds))
        floor = _share(networks["untrained_shortfall"].to_numpy(), ceilings)
        add("regret_share", UNTRAINED, t_interval(floor, error), "fraction", _over(num_seeds))
        for who, values in (
            (COMMIT, theory["commit_value"].to_numpy()),
            (PRINTED, theory["printed_policy_value"].to_numpy()),
            (NEVER, np.zeros_like(best)),
        ):
            exact("regret_share", who, float((best - values).sum()) / ceiling, "fraction")
            found = t_interval(_share(shortfall - (best - values), ceilings), error)
            add("regret_to_yardstick", f"{NETWORK} against {who}", found, "fraction", _over(num_seeds))
    exact("diverged_networks", NETWORK, float(np.isnan(shortfall).sum()), "networks")
    if theory.sizes["cell"] < 2:
        return rows
    learns = np.where(np.isnan(pulls), np.nan, pulls > THRESHOLD)
    add("learning_cells", NETWORK, t_interval(_means(learns), np.nan, least=0, most=1), "fraction", _over(num_seeds))
    for who, column in YARDSTICKS.items():
        theirs = theory[column].to_numpy().astype(float)
        is_theirs = theirs > (THRESHOLD if who == SEQUENTIAL else 0)
        exact("learning_cells", who, float(is_theirs.mean()), "fraction")
        agreement = _means(np.where(np.isnan(learns), np.nan, learns == is_theirs))
        add(
            "regime_agreement",
            f"{NETWORK} with {who}",
            t_interval(agreement, np.nan, least=0, most=1),
            "fraction",
            _over(num_seeds),
        )
        correlations = np.array([_correlation(row, theirs) for row in pulls])
        unit, over = "correlation", _over(num_seeds)
        add(
            "pulls_correlation", f"{NETWORK} with {who}", t_interval(correlations, np.nan, least=-1, most=1), unit, over
        )
        rows += _of_boundary(theory, learns, is_theirs, f"{where}: {NETWORK} against {who}", seed)
    return rows


def _of_boundary(
    theory: xr.Dataset, learns: Float[np.ndarray, "training_seed cell"], is_theirs: np.ndarray, who: str, seed: int
) -> list[Measure]:
    """How far the learned boundary of the regimes lies beyond a yardstick's, where cells form a grid.

    A network that diverged counts as learning with the share of its cell's others, or 1/2 where there is none.
    """
    varied = theory["prior_scale"].to_numpy() > 0
    grid = grid_of(theory.isel(cell=varied))
    if grid is None or len(learns) < 2:
        return []
    _, prior_scales, order = grid
    learns, is_theirs = learns[:, varied], is_theirs[varied]
    shares = _means(learns.T)
    learns = np.where(np.isnan(learns), np.where(np.isnan(shares), 0.5, shares), learns)
    found = boundary_distance(
        prior_scales, learns[:, order], boundary(prior_scales, is_theirs[order].astype(float)), seed=seed
    )
    return [
        Measure("boundary_distance", who, *found.difference, "rewards of prior_scale", "training seeds"),
        Measure("boundary_log_ratio", who, *found.log_ratio, "natural logarithm", "training seeds"),
    ]


def _of_cell(theory: xr.Dataset, networks: xr.Dataset, seed: int) -> list[Measure]:
    """A few numbers of one cell: what share of the optimum is reached, and how the training seeds explore."""
    where = (
        f"reward_scale {float(theory['reward_scale']):g}, prior_scale {float(theory['prior_scale']):g}, "
        f"lifetime {int(theory['lifetime'])}"
    )
    best, lifetime = float(theory["sequential_value"]), int(theory["lifetime"])
    shortfall = networks["shortfall"].to_numpy()
    pulls = networks["probe_pulls"].to_numpy().astype(float)
    pulls = pulls[np.isfinite(pulls).all(axis=1)]
    error, num_seeds = float(networks["shortfall_error"].mean()), len(shortfall)
    rows: list[Measure] = []

    def add(measure: str, who: str, interval: Interval, unit: str, over: str = _over(num_seeds)) -> None:
        rows.append(Measure(measure, f"{where}: {who}", *interval, unit, over))

    def exact(measure: str, who: str, value: float, unit: str) -> None:
        add(measure, who, Interval(value, value, value), unit, "nothing: exact")

    per_lifetime = f"rewards per {lifetime} trials"
    add("value", NETWORK, t_interval(best - shortfall, error), per_lifetime)
    add("value", UNTRAINED, t_interval(best - networks["untrained_shortfall"].to_numpy(), error), per_lifetime)
    for who, column in (
        (SEQUENTIAL, "sequential_value"),
        (COMMIT, "commit_value"),
        (f"{PRINTED}, as a policy", "printed_policy_value"),
        (f"{PRINTED}, as printed", "printed_value"),
        (f"{PRINTED}, exploring", "printed_exploring_value"),
        ("full information", "full_information_value"),
    ):
        exact("value", who, float(theory[column]), per_lifetime)
    if best > 0:
        add("share_of_sequential", NETWORK, t_interval(1 - shortfall / best, error / best), "fraction")
        exact("share_of_sequential", COMMIT, float(theory["commit_value"]) / best, "fraction")
        exact("share_of_sequential", PRINTED, float(theory["printed_policy_value"]) / best, "fraction")
    if not len(pulls):
        return rows
    pulls_error = float(pulls.std() / pulls.size**0.5)
    add("probe_pulls", NETWORK, t_interval(pulls.mean(axis=1), pulls_error, least=0, most=lifetime), "trials")
    for who, column in YARDSTICKS.items():
        exact("probe_pulls", who, float(theory[column]), "trials")
    share = learning_share(pulls).share
    add("learning_share", NETWORK, share, "fraction of training seeds")
    if len(pulls) >= MOST_WITHOUT_DIP:
        found = dip_test(np.log1p(pulls.mean(axis=1)))
        exact_p = Interval(found.p_value, np.nan, np.nan)
        add("unimodality_p_value", NETWORK, exact_p, "probability", "training seeds")
    return rows


MOST_WITHOUT_DIP = 10
"""With fewer training seeds, nothing is said of two modes."""


def _share(shortfall: Float[np.ndarray, "training_seed cell"], ceilings: Float[np.ndarray, "cell"]) -> np.ndarray:
    """What every seed's networks fall short by, of what full information would be worth where they did not diverge."""
    possible = np.where(np.isfinite(shortfall), ceilings, 0.0).sum(axis=1)
    return np.where(possible > 0, np.nansum(shortfall, axis=1) / np.where(possible > 0, possible, 1.0), np.nan)


def _means(values: Float[np.ndarray, "row column"]) -> Float[np.ndarray, "row"]:
    """Of every row, without what is NaN; NaN where all is."""
    counts = np.isfinite(values).sum(axis=1)
    return np.where(counts > 0, np.nansum(values, axis=1) / np.maximum(counts, 1), np.nan)


def _correlation(first: Float[np.ndarray, "cell"], second: Float[np.ndarray, "cell"]) -> float:
    """Pearson's; NaN of fewer than four cells, and where either does not vary."""
    both = np.isfinite(first)
    x, y = first[both], second[both]
    if len(x) < 4 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])


_SECTIONS = {
    "regret": (
        "Regret over the map",
        "Rewards lost beside the sequential optimum, which is the best of all policies, summed over settings, as a "
        "share of what full information about the uncertain arm would earn. 0 is optimal; never learning shows what "
        "there is to gain, untrained networks what chance costs.",
    ),
    "regimes": (
        "Learn or hard-code",
        f"A network learns if it pulls the uncertain arm more than {THRESHOLD:g} time per lifetime on average where "
        "the arm's mean is the prior's; so does the sequential optimum, and the other two yardsticks if they explore "
        "at all. Between 0 and 100 %.",
    ),
    "exploration": (
        "How much is explored, and from where on",
        "A correlation is over settings; 1 is in proportion. A distance is between the prior scales from which on most "
        "networks, and a yardstick, learn, mean over reward scales: 0 is the same boundary, above 0 networks learn "
        "too rarely. Its logarithm is of their ratio: 0.1 is about 10 %.",
    ),
    "value": (
        "What is earned",
        "In a single setting, or summed over all where none is named. The sequential optimum is the ceiling of all who "
        "do not know the uncertain arm's mean; 0 is earned without learning. The printed formula gives a number of "
        "trials: as a policy it earns what it earns, as printed what the formula says; exploring is the most it says "
        "of one trial or more.",
    ),
    "seeds": (
        "Single settings: how training seeds explore",
        "Pulls of the uncertain arm per lifetime, where its mean is the prior's. A small p-value, between 0 and 1, "
        "speaks for two kinds of networks in one setting.",
    ),
    "ends": (
        "Single settings: where lifetimes end",
        "In tasks whose better arm is plain, half of them each way. Entropy in the last tenth of a lifetime is between "
        "0 and ln 2. Places are those in which hidden states end: two where a network has found out, one where it has "
        "not. A read-out tells from the last state which arm is better: 1/2 is chance, 1 is always. Dimensions are "
        "those along which hidden states spread, from 1 to the number of units.",
    ),
    "theory": (
        "How far theories are apart",
        "Over all settings of a lifetime. An excess over the sequential optimum would be an error: nothing is better.",
    ),
    "other": ("Other measures", ""),
}


_WORDINGS = (
    ("regret_share", "regret", "regret, as a share of full information's rewards"),
    ("regret_to_yardstick", "regret", "regret to a yardstick, as such a share (below 0: the networks earn more)"),
    ("diverged_networks", "other", "networks that diverged"),
    ("learning_cells", "regimes", "settings in which it learns"),
    ("learning_count", "theory", "settings in which exploring pays"),
    ("differing_count", "theory", "settings in which they disagree on that"),
    ("longest_exploration", "theory", "longest exploration"),
    ("largest_gap", "theory", "largest gap between their values"),
    ("largest_excess", "theory", "largest excess (below 0: none)"),
    ("largest_error", "theory", "largest numerical error of a value"),
    ("regime_agreement", "regimes", "settings in the same regime"),
    ("pulls_correlation", "exploration", "correlation of exploration"),
    ("boundary_distance", "exploration", "boundary of learning, beyond the yardstick's (0: the same)"),
    ("boundary_log_ratio", "exploration", "the same as the logarithm of a ratio (0: the same)"),
    ("value", "value", "rewards per lifetime"),
    ("share_of_sequential", "value", "rewards, as a share of the sequential optimum's"),
    ("probe_pulls", "seeds", "exploration"),
    ("learning_share", "seeds", "share of training seeds that learn"),
    ("final_entropy", "ends", "entropy of the policy at the end"),
    ("end_points", "ends", "places in which hidden states end"),
    ("read_out", "ends", "tasks whose better arm is read out of the last state"),
    ("state_dimensions", "ends", "dimensions of hidden states"),
    ("unimodality_p_value", "seeds", "p-value of one hump (dip test)"),
)


_EARNED = {"value", "share_of_sequential", "regret_share"}
"""Measures that have a best."""


def player_of(label: str) -> str:
    """Whom a label "setting: player" is of."""
    return label.partition(": ")[2] or label


def _role_of(label: str, measure: str) -> str:
    player = player_of(label)
    if player == NETWORK or player.startswith((f"{NETWORK} with ", f"{NETWORK} against ")):
        return "scored"
    if player in (UNTRAINED, NEVER, SHUFFLED):
        return "floor"
    if player == "full information":
        return "knows the latents"
    return "ceiling" if player == SEQUENTIAL and measure in _EARNED else "reference"


LIFETIME_VOCABULARY = Vocabulary(
    subject="Setting: player",
    sections=_SECTIONS,
    measures=_WORDINGS,
    role_of=_role_of,
    roles=f"Scored: the meta-trained networks. Ceiling: the {SEQUENTIAL}, the Bayes-optimal policy. The {COMMIT} and "
    "the paper's printed formula are references; what never learns, and untrained networks, are floors.",
    ceilings={"regret": SEQUENTIAL},
)
"""The words of maps of fixed-arm bandits."""
