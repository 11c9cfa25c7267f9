"""`bayesgauge results`: what results there are, how far they are, and what no longer fits."""

import datetime
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import tyro

from comparisons.commands.parsing import parse
from comparisons.comparison import COMPARISON_FILE, REPRODUCTION_FILE, open_comparison
from comparisons.experiment import AbstractExperiment, running_of
from comparisons.identity import SOURCE_OF
from comparisons.kinds import kind_of
from comparisons.records import EXPERIMENT_FILE, read_settings
from comparisons.report.page import verdicts_of
from comparisons.results import EVALUATION_FILE
from comparisons.saved_settings import read_experiment
from comparisons.training import untrained_units
from comparisons.tree import is_smoke

_UNREADABLE = (ValueError, OSError, ImportError, KeyError)
"""What reading a damaged or foreign result may raise; it is a line of the list, and the list goes on."""
PAGE = Path("report", "index.html")


class Found(NamedTuple):
    """A result: what it is of, how far it is, and what is wrong with it."""

    folder: str
    title: str
    date: str
    """When its newest file was written: year, month, day, hour and minute, in local time."""
    family: str
    network: str
    state: str
    """`training 1 of 2 units`, `trained`, `evaluated` or `reported`; with `, smoke` for a tiny version."""
    verdicts: dict[str, int]
    """How many claims have which outcome."""
    fingerprint: str
    problems: list[str]
    """What no longer fits, and of what it is a duplicate."""


def main(arguments: list[str]) -> int:
    """List the results in a folder."""

    def results(folder: tyro.conf.Positional[Path] = Path("results"), *, json: bool = False) -> tuple[Path, bool]:
        """List the results in a folder: what each is of, its state and verdicts, duplicates, and what no longer fits.

        Args:
            folder: folder of results; those in all folders below it are listed.
            json: print the list as JSON.
        """
        return folder, json

    folder, as_json = parse(results, args=arguments, prog="bayesgauge results")
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {folder}; results of runs are below the folder given with --results")
    found = results_in(folder)
    if as_json:
        print(json.dumps([one._asdict() for one in found], indent=2))
        return 0
    for one in found:
        print("\n".join(_in_words(one)))
    print(f"{len(found)} results in {folder}" + ("" if found else "; `bayesgauge run NAME` makes one"))
    return 0


def results_in(folder: Path) -> list[Found]:
    """Return the results in a folder and below it, by their path."""
    names = (EXPERIMENT_FILE, EVALUATION_FILE, REPRODUCTION_FILE, COMPARISON_FILE)
    places = sorted({path.parent for name in names for path in folder.rglob(name)})
    settings = {place: _settings(place) for place in places}
    found = [_of_run(place, settings[place]) if settings[place] else _of_comparison(place) for place in places]
    duplicates = _duplicates({str(place): one for place, one in settings.items() if one})
    return [one._replace(problems=one.problems + duplicates.get(one.folder, [])) for one in found]


def _of_run(folder: Path, settings: Mapping[str, Any]) -> Found:
    """Return what there is of a run of an experiment."""
    problems: list[str] = []
    title, fingerprint = str(settings.get("question", "")), ""
    try:
        saved = read_settings(folder)
        title, fingerprint = saved.question, saved.fingerprint or folder.name
    except ValueError as error:
        problems.append(str(error))
    experiment = None
    try:
        experiment = read_experiment(folder / EXPERIMENT_FILE)
    except ValueError as error:
        problems.append(f"its settings are not those of this version: {error}")
    state = _state(folder, experiment)
    if experiment is not None:
        if fingerprint not in ("", experiment.fingerprint()):
            problems.append(
                f"its settings have the fingerprint {experiment.fingerprint()} now, because code that they name has "
                "changed; running them again makes another result"
            )
        state += ", smoke" if experiment.is_smoke else ""
    verdicts: dict[str, int] = {}
    if (folder / EVALUATION_FILE).exists():
        verdicts, more = _verdicts(folder, experiment)
        problems += more
    family, network = (_short(settings.get(name)) for name in ("family", "network"))
    return Found(
        str(folder),
        title,
        _date(folder),
        family or str(settings.get("type", "")),
        network,
        state,
        verdicts,
        fingerprint,
        list(dict.fromkeys(problems)),
    )


def _of_comparison(folder: Path) -> Found:
    """Return what there is of a paper, of a network that was scored, or of a run that lost its settings."""
    try:
        tree = open_comparison(folder).tree
    except _UNREADABLE as error:
        return Found(str(folder), "", _date(folder), "", "", "damaged", {}, "", [str(error)])
    attributes = tree.attrs
    title = kind_of(tree).question(tree)
    state = "reported" if (folder / PAGE).exists() or (folder / PAGE.name).exists() else "evaluated"
    return Found(
        str(folder),
        title,
        _date(folder),
        str(attributes.get("paper", attributes.get("family", ""))),
        "",
        state + (", smoke" if is_smoke(tree) else ""),
        dict(Counter(verdict.outcome for verdict in verdicts_of(tree))),
        "",
        [],
    )


def _settings(folder: Path) -> dict[str, Any]:
    """Return the settings of a folder, as far as they can be read; nothing for a folder that has none."""
    path = folder / EXPERIMENT_FILE
    if not path.exists() or (folder / REPRODUCTION_FILE).exists():
        return {}
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        content = None
    return content if isinstance(content, dict) else {"question": ""}


def _state(folder: Path, experiment: AbstractExperiment | None) -> str:
    if (folder / EVALUATION_FILE).exists():
        return "reported" if (folder / PAGE).exists() else "evaluated"
    if experiment is None:
        return "not evaluated"
    num_units, num_left = len(experiment.training_units()), len(untrained_units(experiment, folder))
    return "trained" if not num_left else f"training, {num_units - num_left} of {num_units} units done"


def _verdicts(folder: Path, experiment: AbstractExperiment | None) -> tuple[dict[str, int], list[str]]:
    """Return how many claims have which outcome, and what is wrong with the files."""
    try:
        tree = open_comparison(folder).tree
    except _UNREADABLE as error:
        return {}, [str(error)]
    verdicts = dict(Counter(verdict.outcome for verdict in verdicts_of(tree)))
    version = int(tree.attrs.get("evaluation_version", 1))
    current = version if experiment is None else running_of(experiment).EVALUATION_VERSION
    return verdicts, [] if version == current else [f"its scores are of version {version}, now {current}: run it again"]


def _duplicates(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return, by folder, which other folders have the same settings, or the same but for seeds."""
    found: dict[str, list[str]] = {}
    for seeds, words in (((), "has the same settings as"), (("seed", "training_seeds"), "differs only in seeds from")):
        groups: dict[str, list[str]] = {}
        for folder, one in settings.items():
            left_out = {"question", "fingerprint", "command", "digest", "results_version", *seeds}
            key = {name: value for name, value in one.items() if name not in left_out}
            groups.setdefault(json.dumps(key, sort_keys=True), []).append(folder)
        for group in groups.values():
            for folder in group:
                told = {other for line in found.get(folder, []) for other in group if line.endswith(other)}
                others = [other for other in group if other != folder and other not in told]
                found.setdefault(folder, []).extend(f"{words} {other}" for other in others)
    return found


def _short(settings: Any) -> str:
    """Return settings of a family or a network in a line."""
    if not isinstance(settings, dict):
        return ""
    left_out = {name for name in settings if name == "type" or name.startswith(SOURCE_OF)}
    values = ", ".join(f"{name}={value}" for name, value in settings.items() if name not in left_out)
    return f"{settings.get('type', '')}({values})"


def _date(folder: Path) -> str:
    newest = max(path.stat().st_mtime for path in folder.rglob("*") if path.is_file())
    return datetime.datetime.fromtimestamp(newest).isoformat(" ", "minutes")


def _in_words(one: Found) -> list[str]:
    claims = ", ".join(f"{number} {outcome}" for outcome, number in one.verdicts.items())
    facts = [one.state, f"claims: {claims}" if claims else "", one.family, one.network, one.date]
    return [
        one.folder,
        *([f"  {one.title}"] if one.title else []),
        f"  {'; '.join(fact for fact in facts if fact)}",
        *(f"  ! {problem}" for problem in one.problems),
        "",
    ]
