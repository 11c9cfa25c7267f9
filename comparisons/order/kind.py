"""Comparisons of the order in which networks, Bayes and gradient learners recover the modes of a task."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.claims import Verdict
from comparisons.kind import Answer, Citation, Diagnostic, Kind
from comparisons.order.claims import claims_of
from comparisons.order.concurrency import EQUIVALENCE_LEVEL, MARGIN
from comparisons.order.figures import courses, recoveries, scores
from comparisons.order.figures.panels import curve_rows, variants_of
from comparisons.order.measures import SECTIONS
from comparisons.order.scores import curves_of, orders_of
from comparisons.order.systems import IN_DISTRIBUTION
from comparisons.order.tree import SCHEMA
from comparisons.report.citations import NUMPYRO, ORTEGA, PYTORCH
from comparisons.report.words import number, quantity, tally
from comparisons.rows import Row, Table

_EXACT = 1e-9
"""Width of an interval of recovery below which there is no sampling error."""

_RABINOWITZ = Citation(
    "The question, and the three families: learners learn in stages, meta-learners all at once",
    "Rabinowitz (2019), Meta-learners' learning dynamics are unlike learners'",
    "https://arxiv.org/abs/1905.01320",
    """\
@article{rabinowitz2019metalearners,
  title   = {Meta-learners' Learning Dynamics Are Unlike Learners'},
  author  = {Rabinowitz, Neil C.},
  journal = {arXiv preprint arXiv:1905.01320},
  year    = {2019}
}""",
)


_SAXE = Citation(
    "Deep linear networks learn singular modes one after another, strongest first",
    "Saxe, McClelland & Ganguli (2013), Exact solutions to the nonlinear dynamics of learning in deep linear networks",
    "https://arxiv.org/abs/1312.6120",
    """\
@article{saxe2013exact,
  title   = {Exact Solutions to the Nonlinear Dynamics of Learning in Deep Linear Neural Networks},
  author  = {Saxe, Andrew M. and McClelland, James L. and Ganguli, Surya},
  journal = {arXiv preprint arXiv:1312.6120},
  year    = {2013}
}""",
)


_RAHAMAN = Citation(
    "Networks learn low frequencies first: spectral bias",
    "Rahaman et al. (2018), On the spectral bias of neural networks",
    "https://arxiv.org/abs/1806.08734",
    """\
@article{rahaman2018spectral,
  title   = {On the Spectral Bias of Neural Networks},
  author  = {Rahaman, Nasim and Baratin, Aristide and Arpit, Devansh and Draxler, Felix and Lin, Min and
             Hamprecht, Fred A. and Bengio, Yoshua and Courville, Aaron},
  journal = {arXiv preprint arXiv:1806.08734},
  year    = {2018}
}""",
)


_XU = Citation(
    "The same in the frequency domain",
    "Xu, Zhang & Xiao (2018), Training behavior of deep neural network in frequency domain",
    "https://arxiv.org/abs/1807.01251",
    """\
@article{xu2018training,
  title   = {Training Behavior of Deep Neural Network in Frequency Domain},
  author  = {Xu, Zhi-Qin John and Zhang, Yaoyu and Xiao, Yanyang},
  journal = {arXiv preprint arXiv:1807.01251},
  year    = {2018}
}""",
)


_SCHAUL = Citation(
    "Policies learned from their own actions improve in one context at the cost of others: ray interference",
    "Schaul et al. (2019), Ray interference: a source of plateaus in deep reinforcement learning",
    "https://arxiv.org/abs/1904.11455",
    """\
@article{schaul2019ray,
  title   = {Ray Interference: a Source of Plateaus in Deep Reinforcement Learning},
  author  = {Schaul, Tom and Borsa, Diana and Modayil, Joseph and Pascanu, Razvan},
  journal = {arXiv preprint arXiv:1904.11455},
  year    = {2019}
}""",
)


def _answer(tree: xr.DataTree, table: Table, verdicts: Sequence[Verdict]) -> Answer:
    """Return the answer in one sentence, and a line for every variant."""
    variants = variants_of(tree)
    details = [
        *tally(verdicts),
        f"c: 0 is Bayes' path, 1 is strictly staged learning; as Bayes if its {100 * EQUIVALENCE_LEVEL:g} % interval "
        f"lies within ±{MARGIN:g}",
        "G, last half-time over first: 1 is all modes at once; ∞, some mode is never half recovered",
        *(_line_of(tree, table, name) for name in variants if len(variants) > 1),
        *_gaps(table, variants),
    ]
    scores = {name: row for name in variants if (row := _found(table, "concurrency", name, "network")) is not None}
    defined = {name: row for name, row in scores.items() if math.isfinite(row.interval.estimate)}
    if not defined and len(variants) > 1:
        sentence = f"In none of {len(variants)} variants does the network's order of learning have a score."
        return Answer(sentence, details)
    if not defined:
        return Answer(f"The network's order of learning has no score; {_beside(tree, table, variants[0])}.", details)
    worst = max(defined, key=lambda name: abs(defined[name].interval.estimate))
    score = f"c = {_in_words(defined[worst])}, {_beside(tree, table, worst)}"
    if len(variants) == 1:
        return Answer(f"The network's recovery {_order_in_words(defined[worst])}: {score}.", details)
    num_concurrent = sum(_is_as_bayes(row) for row in defined.values())
    sentence = (
        f"In {num_concurrent} of {len(variants)} variants the network's recovery is as concurrent as Bayes'. Farthest "
        f"from Bayes is {worst}: {score}."
    )
    return Answer(sentence, details)


def _line_of(tree: xr.DataTree, table: Table, variant: str) -> str:
    """Return the score and the staggering of one variant of several."""
    score = _found(table, "concurrency", variant, "network")
    found = "no score" if score is None else f"c = {_in_words(score)}"
    return f"{variant}: {found}; {_beside(tree, table, variant)}"


def _order_in_words(score: Row) -> str:
    if _is_as_bayes(score):
        return "is as concurrent as Bayes'"
    if score.interval.lower > MARGIN:
        return "is more staggered than Bayes', strongest mode first"
    if score.interval.upper < -MARGIN:
        return "is staggered against the learners' order, weakest mode first"
    return "cannot be told from Bayes' path, nor shown to be on it"


def _is_as_bayes(score: Row) -> bool:
    return bool(score.interval.lower > -MARGIN and score.interval.upper < MARGIN)


def _beside(tree: xr.DataTree, table: Table, variant: str) -> str:
    """Return G of the network, of Bayes and of the first gradient learner of a variant, where they were measured."""
    network, bayes = (_found(table, "staggering", variant, system) for system in ("network", "Bayes"))
    others = [] if bayes is None else [f"Bayes' {_in_words(bayes)}"]
    curves = curve_rows(tree, "recovery")
    learners = curves.system[(curves.variant == variant) & (curves.role == "learner")]
    for learner in learners[:1]:
        row = _found(table, "staggering", variant, str(learner))
        others += [] if row is None else [f"{_in_words(row)} of {learner}"]
    if network is None:
        return "its half-times were not measured"
    return f"G = {_in_words(network)}" + (f" beside {' and '.join(others)}" if others else "")


def _gaps(table: Table, variants: Sequence[str]) -> list[str]:
    """Return how far mean recovery is from Bayes' at most, in the variant where it is farthest."""
    rows = {name: row for name in variants if (row := _found(table, "gap_to_bayes", name, "network")) is not None}
    if not rows:
        return []
    worst = max(rows, key=lambda name: rows[name].interval.estimate)
    where = f", in {worst}" if len(variants) > 1 else ""
    return [f"mean recovery is at most {_in_words(rows[worst])} from Bayes' at any time{where}; 0 is Bayes"]


def _diagnostics(tree: xr.DataTree, table: Table) -> Iterator[Diagnostic]:
    curves = curve_rows(tree, "recovery")
    bayes = curves[curves.role == "Bayes"]
    width = float((bayes.upper - bayes.lower).max()) if len(bayes) else math.nan
    yield Diagnostic("Reference", _exactness(width))
    yield from _shared_range(table)
    undefined = _undefined_modes(curves)
    yield Diagnostic("Undefined modes", _listed(undefined, "none: every mode has a recovery"))
    censored = [_subject(row) for row in table.of("last_half_time") if np.isposinf(row.interval.estimate)]
    yield Diagnostic("Half-times not reached", _listed(censored, "none: every mode is half recovered"))
    without = [_subject(row) for row in table.of("concurrency") if math.isnan(row.interval.estimate)]
    yield Diagnostic("Scores without a value", _listed(without, "none: all paths share a range"))


def _shared_range(table: Table) -> Iterator[Diagnostic]:
    """Yield the narrowest range of mean recovery on which some path is compared with those of the poles."""
    ends = zip(table.of("shared_range_low"), table.of("shared_range_high"), strict=True)
    defined = [(low, high) for low, high in ends if math.isfinite(high.interval.estimate - low.interval.estimate)]
    if defined:
        low, high = min(defined, key=lambda both: both[1].interval.estimate - both[0].interval.estimate)
        between = f"{number(low.interval.estimate, 2)} to {number(high.interval.estimate, 2)}"
        finding = f"narrowest for {_subject(low)}: its path is compared on mean recovery from {between}"
        yield Diagnostic("Shared range", finding)


def _exactness(width: float) -> str:
    if math.isnan(width):
        return "no recovery of exact Bayes was recorded"
    if width <= _EXACT:
        return "exact Bayes; its recoveries have no sampling error"
    return f"exact Bayes on the tasks drawn; its recoveries have intervals at most {width:.2g} wide"


def _undefined_modes(curves: pd.DataFrame) -> list[str]:
    by_mode = curves.groupby(["variant", "system", "condition", "mode_label"], sort=False).estimate
    defined = by_mode.agg(lambda values: bool(np.isfinite(values).any()))
    return [f"{_said(*key[:3])}, {key[3]}" for key in defined.index[~defined.astype(bool)]]


def _subject(row: Row) -> str:
    return _said(str(row.at.get("experiment", "")), row.who, str(row.at.get("condition", IN_DISTRIBUTION)))


def _said(variant: str, system: str, condition: str) -> str:
    who = system if condition == IN_DISTRIBUTION else f"{system}, {condition}"
    return f"{variant}: {who}" if variant else who


def _listed(names: Sequence[str], otherwise: str) -> str:
    return f"{len(names)}: {'; '.join(names)}" if names else otherwise


def _found(table: Table, measure: str, variant: str, system: str) -> Row | None:
    """Return a measure of a system on tasks as in training, if there is one."""
    return table.get(measure, system, **({"experiment": variant} if variant else {}))


def _in_words(row: Row) -> str:
    return "undefined" if math.isnan(row.interval.estimate) else quantity(*row.interval)


KIND = Kind(
    schema=SCHEMA,
    question=lambda tree: str(tree.attrs["question"]),
    subject="System",
    roles={"network": "scored", "prior predictive": "floor", "untrained network": "floor"},
    roles_in_words="Scored: the meta-trained network. Ceiling: exact Bayes. Floor: a system that learns nothing. "
    "Gradient learners and controls are references. Intervals of scores and their residuals are "
    f"{100 * EQUIVALENCE_LEVEL:g} % intervals.",
    places={"condition": "{}", "moment": "{}", "contexts": "{} contexts"},
    scores=orders_of,
    sections=SECTIONS,
    curves=curves_of,
    claims=claims_of,
    answer=_answer,
    diagnostics=_diagnostics,
    figures=(
        recoveries.ORDER,
        scores.FIGURE,
        recoveries.LEARNERS,
        recoveries.OUT_OF_DISTRIBUTION,
        recoveries.OUTER,
        courses.ACCURACY,
        courses.DIVERGENCE,
    ),
    citations=(_RABINOWITZ, _SAXE, _RAHAMAN, _XU, _SCHAUL, ORTEGA, NUMPYRO, PYTORCH),
    version=2,
)
