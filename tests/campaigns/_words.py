"""Words of command lines: names, options and values, good ones and bad ones."""

import dataclasses
import random
from collections.abc import Iterator
from typing import Any

from bayesopt import families
from comparisons import reproductions
from comparisons.commands.names import VARIANTS

TINY = {
    "--training.num-steps": "2",
    "--training.batch-size": "2",
    "--training.length": "4",
    "--network.hidden-size": "3",
    "--evaluation.num-tasks": "8",
    "--evaluation.length": "4",
    "--evaluation.certificate-length": "3",
    "--evaluation.order-tasks": "2",
    "--evaluation.convergence-tasks": "2",
    "--training-seeds": "0",
}
"""Options with which `run beta_bernoulli` takes a second."""
SCORED = {name: value for name, value in TINY.items() if name.startswith("--evaluation")}
NOISE = [
    *("", " ", "-", "--", "---", "-x", "--=", "=", "--=3", "nan", "inf", "None", "True", "½", "１", "λ", "\u202e"),
    *("a b", "a\nb", "a\x1b[31mb", "%s", "{0}", "[bold]", "'", '"', "..", "/dev/null", "/dev/full", "1e400", "0x10"),
    *("9" * 400, "9" * 5000, "x" * 5000, "-" * 300, "--help=3", "@file", "--tyro-print-completion", "math:pi", ":"),
    *("a:", ":b", "1,2", "\ud83d"),
]


def name(draw: random.Random, *, only_wrong: bool = False) -> tuple[str, set[int]]:
    known = names()
    if not only_wrong and draw.random() < 0.5:
        return draw.choice(known), {0}
    right = draw.choice(known)
    place = draw.randrange(len(right))
    changed = (f"{right[:place]}zq{right[place:]}", f"{right[:place]}{right[place + 1 :]}", f" {right}")
    wrong = draw.choice([*changed, draw.choice(NOISE)])
    return wrong, {0} if wrong in known and not only_wrong else {1, 2}


def names() -> list[str]:
    ids = families.family_ids()
    return [*ids, *map(families.class_name, ids), *reproductions.reproduction_ids(), *VARIANTS]


def leaves(settings: Any, prefix: str = "--") -> Iterator[tuple[str, Any]]:
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        name = f"{prefix}{field.name.replace('_', '-')}"
        if dataclasses.is_dataclass(value):
            yield from leaves(value, f"{name}.")
        elif isinstance(value, (bool, int, float)) or (
            isinstance(value, tuple) and value and not _is_of_settings(value)
        ):
            yield name, value


def _is_of_settings(value: tuple[Any, ...]) -> bool:
    return any(dataclasses.is_dataclass(part) or isinstance(part, tuple) for part in value)


def bad(draw: random.Random, value: Any) -> list[str]:
    """Return words that this setting cannot take."""
    words = ["x", "", "½", "1e", "nan", "1.5.2", "0x10", "[1]", "9" * 5000, "\u202e", "x" * 5000, "\ud83d"]
    if isinstance(value, int):
        words += ["1.5", "1e400", "1" + "0" * 30, "-" + "9" * 30]
    return [draw.choice(words)]


def in_words(options: dict[str, str]) -> list[str]:
    return [word for pair in options.items() for word in pair]
