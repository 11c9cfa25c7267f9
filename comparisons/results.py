"""Results in the folder of a run: reading its scores and measures, each checked against what it was made from."""

import datetime
import json
from pathlib import Path

import xarray as xr

from comparisons.kind import measured
from comparisons.kinds import kind_of
from comparisons.provenance import drift
from comparisons.records import EXPERIMENT_FILE, Settings, read_settings, require_same_checkpoints
from comparisons.rows import LAYOUT
from comparisons.training import DATE, WALL_TIMES
from comparisons.tree import digest_of, open_tree, save_tree, validate

EVALUATION_FILE = "evaluation.nc"
MEASURES_FILE = "measures.nc"
CHECKPOINTS = "checkpoints"
"""Group of the scores that lists the checkpoints they were made from."""
UNRECORDED = (
    f"{EVALUATION_FILE} was written by an earlier version, which did not record the settings and the checkpoints that "
    "it was made from, so that they cannot be checked."
)


def scores_in(folder: Path) -> xr.DataTree:
    """Return the scores of a run, if they were made from the settings and the checkpoints in its folder.

    Raises `FileNotFoundError` where a file is missing, and `ValueError` where one is damaged or does not belong.
    """
    path = folder / EVALUATION_FILE
    try:
        tree = open_tree(path)
        validate(tree, kind_of(tree, str(path)).schema, str(path))
    except ValueError as error:
        raise ValueError(f"{error}. Delete it, and the run makes it again") from error
    settings = read_settings(folder)
    _require_fingerprint(tree, settings, path)
    if CHECKPOINTS in tree.children:
        files, digests = (tree[CHECKPOINTS][name].to_numpy().tolist() for name in ("file", "sha256"))
        require_same_checkpoints(files, digests, folder, path)
    return tree


def result_in(folder: Path) -> xr.DataTree:
    """Return scores and measures of a run. Measures that are missing, damaged or outdated are computed again.

    The attributes gain the command that makes the result again, the date of the evaluation, and notes on what cannot
    be checked. Raises as `scores_in`.
    """
    scores = scores_in(folder)
    found = _current_measures(folder, scores)
    tree = measured(scores, kind_of(scores)) if found is None else scores.assign(dict(found.children))
    if command := read_settings(folder).command:
        tree.attrs["command"] = command
    if date := _date(folder):
        tree.attrs["date"] = date
    notes = json.loads(tree.attrs["notes"]) + ([] if "fingerprint" in tree.attrs else [UNRECORDED])
    for versions in json.loads(tree.attrs.get("training_versions", "[]")):
        notes += drift("Networks were trained", json.dumps(versions))
    notes += drift("Networks were evaluated", tree.attrs["versions"])
    tree.attrs["notes"] = json.dumps(notes)
    return tree


def is_measured(folder: Path) -> bool:
    """Return whether the measures of a run are there and current. Raises as `scores_in`."""
    return _current_measures(folder, scores_in(folder)) is not None


def measure(folder: Path) -> None:
    """Write the measures of a run. Raises as `scores_in`."""
    scores = scores_in(folder)
    found = measured(scores, kind_of(scores))
    tree = xr.DataTree.from_dict({name: found[name].to_dataset() for name in ("measures", "curves")})
    tree.attrs["evaluation"] = digest_of(folder / EVALUATION_FILE)
    save_tree(tree, folder / MEASURES_FILE)


def _current_measures(folder: Path, scores: xr.DataTree) -> xr.DataTree | None:
    """Return the measures of these scores by the present version of their kind; `None` if there are none."""
    try:
        tree = open_tree(folder / MEASURES_FILE)
    except (FileNotFoundError, ValueError):
        return None
    if set(tree.children) != {"measures", "curves"}:
        return None
    attributes = tree["measures"].attrs
    is_current = attributes.get("layout") == LAYOUT and attributes.get("version", 1) == kind_of(scores).version
    is_recorded = "fingerprint" in scores.attrs or "evaluation" in tree.attrs
    if not is_current or (is_recorded and tree.attrs.get("evaluation") != digest_of(folder / EVALUATION_FILE)):
        return None
    return tree


def _date(folder: Path) -> str:
    """Return the date of the evaluation; nothing where its file is missing or damaged, because nothing rests on it."""
    try:
        return datetime.date.fromisoformat((folder / WALL_TIMES / DATE).read_text()).isoformat()
    except (OSError, ValueError):
        return ""


def _require_fingerprint(tree: xr.DataTree, settings: Settings, path: Path) -> None:
    """Raise `ValueError` unless scores and settings are of one run, or the scores say of none."""
    fingerprint = tree.attrs.get("fingerprint")
    if fingerprint is None or fingerprint == settings.fingerprint:
        return
    if settings.fingerprint is None:
        raise ValueError(
            f"{path.with_name(EXPERIMENT_FILE)} lacks the records of {path.name}. Run the experiment again with its "
            "settings: that writes the file again and trains nothing that is trained"
        )
    raise ValueError(
        f"{path} holds the scores of another run: its settings have the fingerprint {fingerprint}, those of "
        f"{EXPERIMENT_FILE} have {settings.fingerprint}. Delete the one that does not belong, "
        "and the run makes it again"
    )
