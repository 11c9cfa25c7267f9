"""How a comparison of orders of learning is shown: its question, headline, diagnostics and summary."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.claims import Claim, Verdict
from comparisons.kind import Citation, Diagnostic, Headline, Presentation, ReportFigure
from comparisons.order.concurrency import EQUIVALENCE_LEVEL, MARGIN
from comparisons.order.figures.courses import _accuracy_caption, _divergence_caption, _of_lines
from comparisons.order.figures.panels import (
    curve_rows,
    label_of,
    learner_panels,
    learners_of,
    order_panels,
    out_of_distribution_panels,
    outer_panels,
    score_table,
    variants_of,
)
from comparisons.order.figures.recoveries import (
    _learner_caption,
    _of_panels,
    _order_caption,
    _out_of_distribution_caption,
    _outer_caption,
)
from comparisons.order.figures.scores import _score_caption, draw_scores, height_of_scores
from comparisons.order.measures import ORDER_VOCABULARY
from comparisons.order.systems import IN_DISTRIBUTION
from comparisons.report.citations import _ORTEGA, NUMPYRO, PYTORCH
from comparisons.report.words import number, quantity, tally

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


ORDER_CITATIONS = (_RABINOWITZ, _SAXE, _RAHAMAN, _XU, _SCHAUL, _ORTEGA, NUMPYRO, PYTORCH)
"""The sources that every comparison of the order of learning rests on."""


ORDER_FIGURES = (
    _of_panels(
        order_panels,
        3,
        name="order",
        title="The order of learning: gradient learners and the network",
        alt="Line charts in rows, one row per variant: recovery of each mode from 0 to 1 against time, first for "
        "gradient learners in steps, then for the network with Bayes as dashed lines.",
        caption=_order_caption,
    ),
    ReportFigure(
        name="concurrency",
        title="One score for the order",
        is_available=lambda tree: len(score_table(tree)) > 0,
        height=height_of_scores,
        draw=draw_scores,
        table=score_table,
        alt="Dot chart with interval bars: the concurrency score of every system, grouped by variant, with vertical "
        "lines at 0 for Bayes and at 1 for one mode after another, and a shaded band of equivalence around 0.",
        caption=_score_caption,
    ),
    _of_panels(
        learner_panels,
        3,
        name="learners",
        title="All learners and controls",
        alt="Small line charts, one per learner or control: recovery of each mode from 0 to 1 against gradient steps.",
        caption=_learner_caption,
    ),
    _of_panels(
        out_of_distribution_panels,
        2,
        name="out_of_distribution",
        title="Under other conditions, out of distribution among them",
        alt="Line charts, one per condition: recovery of each mode by the network against time on tasks unlike those "
        "of training, with Bayes as dashed lines.",
        caption=_out_of_distribution_caption,
    ),
    _of_panels(
        outer_panels,
        2,
        name="outer",
        title="Over meta-training",
        alt="Line charts, time logarithmic: recovery of each mode in a given time within a task, against steps of "
        "meta-training.",
        caption=_outer_caption,
    ),
    _of_lines(
        "accuracy",
        title="Accuracy by trial",
        alt="Line charts: accuracy in percent against the trial, for the network with an interval band and for Bayes "
        "as a dashed line.",
        caption=_accuracy_caption,
    ),
    _of_lines(
        "divergence",
        title="Distance of predictions from Bayes",
        alt="Line charts, logarithmic: KL divergence from Bayes in nats per number predicted against time, for the "
        "network with an interval band and for predictors that learn nothing.",
        caption=_divergence_caption,
    ),
)
"""All figures, in the order of the report."""


_EXACT = 1e-9
"""Width of an interval of recovery below which there is no sampling error."""


def _question(tree: xr.DataTree) -> str:
    return str(tree.attrs["question"])


def _claims(tree: xr.DataTree, table: pd.DataFrame) -> tuple[Claim, ...]:
    from comparisons.order.claims import claims_of

    return claims_of(table)


def _headline(tree: xr.DataTree, table: pd.DataFrame, verdicts: Sequence[Verdict]) -> Headline:
    """The answer in one sentence, and what to read it by."""
    variants = variants_of(tree)
    scores = {name: row for name in variants if (row := _found(table, "concurrency", name, "network")) is not None}
    details = [
        *tally(verdicts),
        f"c: 0 is Bayes' path, 1 strictly one mode after another; as Bayes if its "
        f"{100 * EQUIVALENCE_LEVEL:g} % interval lies "
        f"within ±{MARGIN:g}",
        "G, last half-time over first: 1 is all modes at once; ∞, some mode is never half recovered",
        *_gaps(table, variants),
    ]
    defined = {name: row for name, row in scores.items() if math.isfinite(row.estimate)}
    if not defined and len(variants) > 1:
        sentence = f"In none of {len(variants)} variants does the network's order of learning have a score."
        return Headline(sentence, details)
    if not defined:
        return Headline(f"The network's order of learning has no score; {_beside(tree, table, variants[0])}.", details)
    worst = max(defined, key=lambda name: abs(defined[name].estimate))
    score = f"c = {_in_words(defined[worst])}, {_beside(tree, table, worst)}"
    if len(variants) == 1:
        return Headline(f"The network's recovery {_order_in_words(defined[worst])}: {score}.", details)
    num_concurrent = sum(_is_as_bayes(row) for row in defined.values())
    sentence = (
        f"In {num_concurrent} of {len(variants)} variants the network's recovery is as concurrent as Bayes'; farthest "
        f"from it is {worst}: {score}."
    )
    return Headline(sentence, details)


def _order_in_words(score: pd.Series) -> str:
    if _is_as_bayes(score):
        return "is as concurrent as Bayes'"
    if score.lower > MARGIN:
        return "is more staggered than Bayes', strongest mode first"
    if score.upper < -MARGIN:
        return "is staggered against the learners' order, weakest mode first"
    return "cannot be told from Bayes' path, nor shown to be on it"


def _is_as_bayes(score: pd.Series) -> bool:
    return bool(score.lower > -MARGIN and score.upper < MARGIN)


def _beside(tree: xr.DataTree, table: pd.DataFrame, variant: str) -> str:
    """G of the network, of Bayes and of the first gradient learner of a variant, as far as they were measured."""
    network, bayes = (_found(table, "staggering", variant, system) for system in ("network", "Bayes"))
    others = [] if bayes is None else [f"Bayes' {_in_words(bayes)}"]
    for learner in learners_of(tree, variant)[:1]:
        row = _found(table, "staggering", variant, learner)
        others += [] if row is None else [f"{_in_words(row)} of {learner}"]
    if network is None:
        return "its half-times were not measured"
    return f"G = {_in_words(network)}" + (f" beside {' and '.join(others)}" if others else "")


def _gaps(table: pd.DataFrame, variants: Sequence[str]) -> list[str]:
    """How far mean recovery is from Bayes' at most, in the variant where it is farthest."""
    rows = {name: row for name in variants if (row := _found(table, "gap_to_bayes", name, "network")) is not None}
    if not rows:
        return []
    worst = max(rows, key=lambda name: rows[name].estimate)
    where = f", in {worst}" if len(variants) > 1 else ""
    return [f"mean recovery is at most {_in_words(rows[worst])} from Bayes' at any time{where}; 0 is Bayes"]


def _diagnostics(tree: xr.DataTree, table: pd.DataFrame) -> list[Diagnostic]:
    """What speaks for the references, and what could not be measured."""
    curves = curve_rows(tree, "recovery")
    bayes = curves[curves.role == "Bayes"]
    width = float((bayes.upper - bayes.lower).max()) if len(bayes) else math.nan
    return [
        Diagnostic("Reference", _exactness(width), ""),
        *_shared_range(table),
        Diagnostic("Undefined modes", _listed(_undefined_modes(curves), "none: every mode has a recovery"), ""),
        Diagnostic("Half-times not reached", _listed(_censored(table), "none: every mode is half recovered"), ""),
        Diagnostic("Scores without a value", _listed(_without_score(tree), "none: all paths share a range"), ""),
    ]


def _shared_range(table: pd.DataFrame) -> list[Diagnostic]:
    """The narrowest range of mean recovery on which some path is compared with those of the poles."""
    ends = table.pivot_table(index="predictor", columns="measure", values="estimate", sort=False)
    if not {"shared_range_low", "shared_range_high"} <= set(ends.columns):
        return []
    widths = (ends["shared_range_high"] - ends["shared_range_low"]).dropna()
    narrowest = str(widths.idxmin())
    low, high = (number(float(ends.at[narrowest, f"shared_range_{end}"]), 2) for end in ("low", "high"))
    finding = f"narrowest for {narrowest}: its path is compared on mean recovery from {low} to {high}"
    return [Diagnostic("Shared range", finding, "")]


def _exactness(width: float) -> str:
    if math.isnan(width):
        return "no recovery of exact Bayes was recorded"
    if width <= _EXACT:
        return "exact Bayes; its recoveries have no sampling error"
    return f"exact Bayes on the tasks drawn; its recoveries have intervals at most {width:.2g} wide"


def _undefined_modes(curves: pd.DataFrame) -> list[str]:
    by_mode = curves.groupby(["variant", "system", "condition", "mode_label"], sort=False).estimate
    defined = by_mode.agg(lambda values: bool(np.isfinite(values).any()))
    return [f"{label_of(*key[:3])}, {key[3]}" for key in defined.index[~defined.astype(bool)]]


def _censored(table: pd.DataFrame) -> list[str]:
    rows = table[(table.measure == "last_half_time") & np.isposinf(table.estimate)]
    return list(rows.predictor)


def _without_score(tree: xr.DataTree) -> list[str]:
    return list(score_table(tree).pipe(lambda rows: rows[rows.estimate.isna()]).predictor)


def _listed(names: Sequence[str], otherwise: str) -> str:
    return f"{len(names)}: {'; '.join(names)}" if names else otherwise


def _summary(tree: xr.DataTree, table: pd.DataFrame) -> list[str]:
    """A line per variant, and how far its mean recovery is from Bayes'."""
    lines = []
    for variant in variants_of(tree):
        score = _found(table, "concurrency", variant, "network")
        found = "no score" if score is None else f"c = {_in_words(score)}, {100 * EQUIVALENCE_LEVEL:g} % interval"
        lines.append(f"{f'{variant}: ' * bool(variant)}{found}; {_beside(tree, table, variant)}")
        lines += [f"  {line}" for line in _gaps(table, [variant])]
    return [*lines, "c: 0 is Bayes' path, 1 strictly one mode after another; G: 1 is all modes at once"]


def _found(table: pd.DataFrame, measure: str, variant: str, system: str) -> pd.Series | None:
    """A measure of a system on tasks as in training, if there is one."""
    label = label_of(variant, system, IN_DISTRIBUTION)
    rows = table[(table.measure == measure) & (table.predictor == label)]
    return rows.iloc[0] if len(rows) else None


def _in_words(row: pd.Series) -> str:
    return "undefined" if math.isnan(row.estimate) else quantity(row.estimate, row.lower, row.upper)


ORDERS = Presentation(
    question=_question,
    claims=_claims,
    headline=_headline,
    figures=ORDER_FIGURES,
    vocabulary=ORDER_VOCABULARY,
    diagnostics=_diagnostics,
    citations=ORDER_CITATIONS,
    summary=_summary,
)
"""Comparisons of the order in which networks, Bayes and gradient learners recover the modes of a task."""
