"""Answers of commands: text for people, or one JSON object for programs, and the exit code of `--strict`."""

import contextlib
import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from comparisons.comparison import Comparison
from comparisons.kinds import kind_of
from comparisons.report.page import verdicts_of
from comparisons.rows import table_of

NOT_ALL_HELD = 3
"""Exit code of `--strict` where a claim did not hold."""


@dataclass(frozen=True)
class Output:
    """How a command says what it found."""

    json: bool = False
    """Print one JSON object instead of text: numbers with intervals and units, verdicts, the report's path."""
    strict: bool = False
    """Exit with code 3 unless there are claims and every one of them held; for use in continuous integration."""


OutputOptions = Annotated[Output, tyro.conf.arg(name=""), tyro.conf.FlagCreatePairsOff]
"""`Output` as options of a command."""

JsonOption = Annotated[bool, tyro.conf.FlagCreatePairsOff]
"""`--json`, for commands that have no claims."""


@contextlib.contextmanager
def only_json(is_wanted: bool) -> Iterator[None]:
    """Keep standard output for the JSON object: what anything else prints goes to standard error."""
    if not is_wanted:
        yield
        return
    with contextlib.redirect_stdout(sys.stderr):
        yield


def print_answer(comparison: Comparison, report: Path, output: Output) -> int:
    """Print the answer, the verdict on every claim and the path of the report; return the exit code."""
    verdicts = verdicts_of(comparison.tree)
    if output.json:
        print_json(answer_of(comparison, report))
    else:
        print(comparison.summary())
        for verdict in verdicts:
            print(f"{verdict.outcome:>9}: {verdict.statement}")
        print(f"report: {report}")
    all_held = bool(verdicts) and all(verdict.outcome == "held" for verdict in verdicts)
    return NOT_ALL_HELD if output.strict and not all_held else 0


def answer_of(comparison: Comparison, report: Path) -> dict[str, Any]:
    """Return a comparison as JSON can hold it: question, answer, claims with verdicts, and the table of results."""
    tree, verdicts = comparison.tree, verdicts_of(comparison.tree)
    kind = kind_of(tree)
    answer = kind.answer(tree, table_of(tree), verdicts)
    rows = comparison.table.to_dict("records")
    return {
        "question": kind.question(tree),
        "answer": answer.sentence,
        "details": list(answer.details),
        "notes": json.loads(tree.attrs["notes"]),
        "claims": [{**verdict._asdict(), "over": str(verdict.over)} for verdict in verdicts],
        "measures": [{str(key): value for key, value in row.items() if not _is_absent(value)} for row in rows],
        "report": str(report),
    }


def print_json(answer: Mapping[str, Any]) -> None:
    """Print one JSON object. Numbers that are not finite are the strings "inf" and "-inf", or null for NaN."""
    print(json.dumps(_as_json(answer), allow_nan=False))


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _as_json(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(part) for part in value]
    if hasattr(value, "item"):  # a NumPy scalar
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _is_absent(value: Any) -> bool:
    """Return whether a cell of the table is empty: a coordinate that a row does not have."""
    return value is None or (isinstance(value, float) and math.isnan(value))
