"""Every file of a finished run is damaged in every way: refused by name, or harmless; and nothing else is lost.

A case damages one file of a finished run, then writes the report again and runs the experiment again. Each either
refuses, in one line that names a file, and leaves all files as they were; or it ends with the numbers of before. A
person who then deletes the files that were named gets the undisturbed results back, byte for byte.
"""

import json
import random
import re
import shutil
from pathlib import Path
from unittest import mock

from comparisons import stages
from tests.campaigns._tiny import OTHER, RUN, bayesgauge, contents, copy_of, undisturbed

DAMAGES = (
    "empty",
    "first half",
    "without its last byte",
    "without its last 40 bytes",
    "zeroed",
    "zeroed tail",
    "zeroed head",
    *(f"flipped bit {number}" for number in range(8)),
    "of another run",
    "of another file",
    "[]",
    "null",
    '{"type": "x"}',
    "text",
    "a longer tail",
    "absent",
)
COUNT = 290
SMALL = (48,)
EVERY = 20
"""Of so many cases one draws the figures; the others write the numbers alone, which takes a tenth of the time."""


def run_one(index: int, folder: Path) -> str:
    """Damage one file in one way."""
    before, results, run = _copy(folder)
    path, damage = _case(run, index)
    other = path
    if damage == "of another run":
        other = _run_folder(undisturbed(OTHER, folder.parent), OTHER) / path.relative_to(run)
    files = sorted(one for one in run.rglob("*") if one.is_file())
    if not _damage(path, damage, other, files, random.Random(index)):
        return "unchanged"
    is_drawn = index % EVERY == 0
    outcomes, again = [], ("run", "--config", _config(folder), "--results", results)
    with mock.patch.object(stages, "write_report", _WRITE_REPORT if is_drawn else _no_figures):
        for command in (("report", run), again):
            outcomes.append(_use(command, path, run, before))
        for _ in range(3):  # the advice may name one file after the other
            code, _, said = bayesgauge(*again)
            if code == 0:
                break
            for named in re.findall(r"\S+\.(?:nc|safetensors|json)\b", said):
                (run / named if not Path(named).is_absolute() else Path(named)).unlink(missing_ok=True)
        assert code == 0, said
        code, _, said = bayesgauge("report", run)
        assert code == 0, said
    found, wanted = (
        {name: data for name, data in files.items() if is_drawn or "report/" not in name}
        for files in (contents(results), before)
    )
    assert found == wanted, f"{path.name} {damage}: {_difference(found, wanted)}"
    return "refused" if "refused" in outcomes else "harmless"


def _case(run: Path, index: int) -> tuple[Path, str]:
    """Return a file and a damage: all damages of every file that a run reads, and one of every file of its report."""
    read = sorted(path for path in run.rglob("*") if path.is_file() and "report" not in path.parts)
    written = sorted(path for path in (run / "report").iterdir())
    cases = [(path, damage) for damage in DAMAGES for path in read]
    cases += [(path, DAMAGES[number % len(DAMAGES)]) for number, path in enumerate(written)]
    return cases[index % len(cases)]


def _copy(folder: Path) -> tuple[dict[str, bytes], Path, Path]:
    whole = undisturbed(RUN, folder.parent)
    results = copy_of(whole, folder)
    return contents(whole), results, _run_folder(results, RUN)


def _run_folder(results: Path, experiment: object) -> Path:
    return stages.folder_of(experiment, results)  # pyright: ignore[reportArgumentType]


def _config(folder: Path) -> Path:
    """Return the settings of the run, apart from its folder, where they may be damaged."""
    whole = _run_folder(undisturbed(RUN, folder.parent), RUN) / "experiment.json"
    return Path(shutil.copy(whole, folder / "settings.json"))


def _damage(path: Path, damage: str, other: Path, files: list[Path], generator: random.Random) -> bool:
    """Damage a file; return whether it is another now."""
    whole = path.read_bytes()
    half = len(whole) // 2
    position, bit = generator.randrange(max(len(whole), 1)), 1 << generator.randrange(8)
    changed = {
        "empty": b"",
        "first half": whole[:half],
        "without its last byte": whole[:-1],
        "without its last 40 bytes": whole[:-40],
        "zeroed": bytes(len(whole)),
        "zeroed tail": whole[:half] + bytes(len(whole) - half),
        "zeroed head": bytes(half) + whole[half:],
        "of another run": other.read_bytes() if other.exists() else b"",
        "of another file": generator.choice(files).read_bytes(),
        "text": b"not what it was\n",
        "a longer tail": whole + b"\n",
    }.get(damage, damage.encode())
    if damage.startswith("flipped bit"):
        changed = whole[:position] + bytes([whole[position] ^ bit]) + whole[position + 1 :] if whole else b"x"
    if damage == "absent":
        path.unlink()
        return True
    path.write_bytes(changed)
    return changed != whole


def _use(command: tuple[object, ...], path: Path, run: Path, before: dict[str, bytes]) -> str:
    """Run a command on damaged results: it is refused and changes nothing, or ends with the numbers of before."""
    present = contents(run)
    code, printed, said = bayesgauge(*command)
    if code:
        lines = said.splitlines()
        assert len(lines) == 1 and lines[0].startswith("bayesgauge: "), f"{path.name}: {said}"
        assert path.name in said or run.name in said, f"{path.name}: {said}"
        after = {name: data for name, data in contents(run).items() if "report/" not in name}
        kept = {name for name in present if "report/" not in name and name != "experiment.json"}
        assert all(after[name] == present[name] for name in kept), f"{path.name}: {_difference(after, present)}"
        return "refused"
    measures = next(data for name, data in before.items() if name.endswith("measures.csv"))
    assert (run / "report" / "measures.csv").read_bytes() == measures, f"{path.name}: other numbers after {command[0]}"
    assert printed
    return "harmless"


def _no_figures(tree: object, path: Path, **words: object) -> Path:
    """Write the report without its figures."""
    with mock.patch("comparisons.report.page.rendered_figures", return_value=[]):
        return _WRITE_REPORT(tree, path, **words)  # pyright: ignore[reportArgumentType]


_WRITE_REPORT = stages.write_report


def _difference(found: dict[str, bytes], wanted: dict[str, bytes]) -> str:
    names = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
    return json.dumps(names)
