"""Ten thousand command lines from the grammar of all commands: valid ones, and ones with planted faults.

Every case knows which exit codes are right. One in 33 runs in a process of its own. What is valid is made tiny; runs
that end well share one folder of results, so that most of them find their training done.
"""

import contextlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bayesopt import families
from comparisons import reproductions
from comparisons.__main__ import COMMANDS, main
from comparisons.commands import check
from comparisons.commands.names import VARIANTS, experiment_named
from tests.campaigns import _words as words

COUNT = 10_000
ALONE = 33
"""Every so manieth case has a process of its own."""
SECONDS = 60
OUTSIDE = {
    "LC_ALL": ["C", "C.UTF-8"],
    "PYTHONIOENCODING": ["ascii", "cp1252", "cp932", "utf-8"],
    "COLUMNS": ["1", "80"],
}
"""Variables that processes of their own get."""


class Case(NamedTuple):
    """A command line and the exit codes that are right for it."""

    arguments: list[str]
    codes: set[int]


def run_one(index: int, folder: Path) -> str:
    """Run one command line and return how it ended: "done", "refused" or "unparsed"."""
    case = _case(random.Random(index), folder)
    is_alone = index % ALONE == 0
    code, printed, refused = (_alone if is_alone else _here)(case.arguments, folder, random.Random(index))
    about = f"{case.arguments!r} ended with {code}: {refused[-500:]}"
    assert "Traceback" not in printed + refused, about
    assert code in case.codes, f"{about}; right would be {sorted(case.codes)}"
    said = [line for line in refused.splitlines() if line.startswith("bayesgauge: ")]
    assert len(said) == (code in (1, 2)), about
    if code in (1, 2):
        assert len(refused.splitlines()) == 1 and len(refused) < 2000, about
    if code == 0 and "--json" in case.arguments and "--help" not in case.arguments:
        json.loads(printed)
    return {0: "done", 1: "refused", 2: "unparsed", 3: "strict"}[code]


def _case(draw: random.Random, folder: Path) -> Case:
    kind = draw.choices(
        [_nonsense, _gittins, _shown, _listed, _helped, _fault_in_run, _fault_in_paper, _score, _report, _check, _run],
        [10, 14, 8, 2, 6, 30, 10, 8, 8, 3, 1],
    )[0]
    arguments, codes = kind(draw, folder)
    if draw.random() < 0.03:
        arguments.insert(draw.randrange(len(arguments) + 1), "--traceback=0")
        codes = {2} if kind is not _helped else {0, 2}
    return Case(arguments, codes)


def _nonsense(draw: random.Random, folder: Path) -> tuple[list[str], set[int]]:
    found = [
        *words.NOISE,
        *COMMANDS,
        *families.family_ids(),
        *words.TINY,
        "--json",
        "--smoke=1",
        "--results",
        "--network",
        "runn",
    ]
    first = draw.choice([*words.NOISE, "runn", "Run", "scroe", "--list", "list "])
    return [first, *draw.choices(found, k=draw.randrange(4))], {2}


def _gittins(draw: random.Random, folder: Path) -> tuple[list[str], set[int]]:
    good = [
        f"{draw.uniform(0.5, 30):.3g}",
        f"{draw.uniform(0.5, 30):.3g}",
        "--discount",
        f"{draw.uniform(0, 0.97):.3g}",
    ]
    good.insert(0, "gittins")
    match draw.randrange(6):
        case 0 | 1:
            return [*good, *draw.choice([[], ["--json"], ["--tolerance", "1e-6"]])], {0}
        case 2:
            good[draw.choice([1, 2, 4])] = draw.choice(["x", "", "nan", "inf", "1e400", "--0", "1,5", "½", "9" * 400])
            return good, {1, 2}
        case 3:
            good[draw.choice([1, 2])] = draw.choice(["0", "0.0", "1e-400"])
            return good, {1}
        case 4:
            good[4] = draw.choice(["1", "-0.1", "1.5", "0.99999999"])
            return good, {1}
        case _:
            return draw.choice([good[:2], good[:3], good[:4], [*good, "3"], [*good, *good[3:]], [*good, "--tol"]]), {2}


def _shown(draw: random.Random, folder: Path) -> tuple[list[str], set[int]]:
    name, codes = words.name(draw)
    return ["show", name, *draw.choice([[], ["--json"]])], codes


def _listed(draw: random.Random, folder: Path) -> tuple[list[str], set[int]]:
    extra, codes = draw.choice([([], {0}), (["--json"], {0}), (["--all"], {2}), (["x"], {2}), (["--json=yes"], {2})])
    return ["list", *extra], codes


def _helped(draw: random.Random, folder: Path) -> tuple[list[str], set[int]]:
    command = draw.choice([[], *([name] for name in COMMANDS), ["run", draw.choice(words.names())]])
    return [*command, draw.choice(["-h", "--help"])], {0}


def _fault_in_run(draw: random.Random, folder: Path) -> tuple[list[str], set[int]]:
    """A run that would be right but for one option."""
    name = draw.choice([*families.family_ids(), *VARIANTS])
    leaves = list(words.leaves(experiment_named(name)))
    flag, value = draw.choice(leaves)
    rest = ["--smoke", "--results", str(folder / "results")]
    match draw.randrange(7):
        case 0:
            return ["run", name, f"{flag}x", str(value), *rest], {2}
        case 1:
            return ["run", name, *rest, flag], {1, 2} if isinstance(value, (tuple, bool)) else {2}
        case 2:
            return ["run", name, flag, *words.bad(draw, value), *rest], {1, 2}
        case 3:
            return ["run", name, f"{flag}={words.bad(draw, value)[0]}", *rest], {1, 2}
        case 4:
            return ["run", name, flag, *words.bad(draw, value), flag, *words.bad(draw, value), *rest], {2}
        case 5:
            return ["run", name, *rest, draw.choice(["x", "", "--x", "--traning.num-steps", "-s", "--smoke"])], {2}
        case _:
            wrong, codes = words.name(draw, only_wrong=True)
            return ["run", wrong, *rest], codes


def _fault_in_paper(draw: random.Random, folder: Path) -> tuple[list[str], set[int]]:
    name = draw.choice(reproductions.reproduction_ids())
    faults = [
        (["--only"], {2}),
        (["--only", "nothing"], {1}),
        (["--seeds", "-1"], {1}),
        (["--seeds", draw.choice(["x", "1.5", "", "1e99"])], {1, 2}),
        (["--only", *draw.choices(words.NOISE, k=2)], {1, 2}),
        (["--training.num-steps", "3"], {2}),
        (["--scheduler", draw.choice(["x", "host:1", ""]), "--smoke"], {1, 2}),
        (["--results", ""], {1}),
    ]
    fault, codes = draw.choice(faults)
    if "--scheduler" in fault:
        fault = [
            *fault,
            "--only",
            next(iter(reproductions.load(name).experiments())),
            "--results",
            str(folder / "results"),
        ]
    return ["run", name, *fault], codes


def _score(draw: random.Random, folder: Path) -> tuple[list[str], set[int]]:
    network = draw.choice(
        ["tests.comparisons.predictions.networks:CountingNetwork", "tests.campaigns.command_lines:fails"]
    )
    good = [
        "score",
        "beta_bernoulli",
        "--network",
        network,
        "--output",
        str(folder / "out"),
        *words.in_words(words.SCORED),
    ]
    match draw.randrange(6):
        case 0:
            json_and_strict = draw.choice([[], ["--json"], ["--strict"], ["--json", "--strict"]])
            if network.endswith("fails"):
                return [*good, *json_and_strict], {1}
            return [*good, *json_and_strict], {0, 3} if "--strict" in json_and_strict else {0}
        case 1:
            wrong, codes = words.name(draw, only_wrong=True)
            return ["score", wrong, *good[2:]], codes
        case 2:
            good[3] = draw.choice(
                [*words.NOISE, "math:pi", "math:sin", "builtins:dict", "no_such:thing", "torch.nn:Linear"]
            )
            return good, {1, 2}
        case 3:
            return [*good, "--weights", draw.choice(["nowhere.safetensors", "/dev/null", str(folder), ""])], {1}
        case 4:
            return [*good, draw.choice(["--evaluation.nm-tasks", "--wights", "-o"]), "3"], {2}
        case _:
            flag = draw.choice(list(words.SCORED))
            return ["score", "beta_bernoulli", "--network", network, flag, draw.choice(["0", "-3", "x", "1.5", ""])], {
                1,
                2,
            }


def _report(draw: random.Random, folder: Path) -> tuple[list[str], set[int]]:
    wrong = folder / "folder"
    wrong.mkdir(parents=True, exist_ok=True)
    names = ["experiment.json", "evaluation.nc", "measures.nc", "reproduction.nc"]
    for name in draw.sample(names, draw.randrange(len(names))):
        (wrong / name).write_bytes(draw.choice([b"", b"[]", b"{}", b"\x89HDF\r\n\x1a\n", b"x" * 100, b"\xff\xfe"]))
    target = draw.choice([str(wrong), str(folder / "nothing"), "/dev/null", str(Path(__file__)), *words.NOISE])
    return ["report", target, *draw.choice([[], ["--json"], ["--strict"]])], {1, 2}


def _check(draw: random.Random, folder: Path) -> tuple[list[str], set[int]]:
    if draw.random() < 0.5:
        return ["check", draw.choice(["beta_bernoulli", "BetaBernoulli"]), *draw.choice([[], ["--json"]])], {0}
    wrong, codes = words.name(draw, only_wrong=True)
    return ["check", wrong], codes


def _run(draw: random.Random, folder: Path) -> tuple[list[str], set[int]]:
    options = draw.choice([[], ["--json"], ["--strict"]])
    results = str(folder.parent / "shared results é")
    codes = {0, 3} if options == ["--strict"] else {0}
    return ["run", "beta_bernoulli", *words.in_words(words.TINY), "--results", results, *options], codes


def fails() -> None:
    """Fail as a factory of a person's own may."""
    raise RuntimeError("two\nlines")


def _here(arguments: list[str], folder: Path, draw: random.Random) -> tuple[int, str, str]:
    printed, refused = io.StringIO(), io.StringIO()
    streams = contextlib.redirect_stdout(printed), contextlib.redirect_stderr(refused)
    with _cheap_checks(), _alarm(), streams[0], streams[1], contextlib.chdir(folder), warnings.catch_warnings():
        code = main(arguments)
    return code, printed.getvalue(), refused.getvalue()


def _alone(arguments: list[str], folder: Path, draw: random.Random) -> tuple[int, str, str]:
    environment = os.environ | {name: draw.choice(values) for name, values in OUTSIDE.items()}
    environment["PYTHONPATH"] = os.pathsep.join([os.getcwd(), *sys.path])
    done = subprocess.run(
        [sys.executable, "-m", "comparisons", *(word.encode("utf-8", "replace").decode() for word in arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


@contextlib.contextmanager
def _alarm() -> Iterator[None]:
    """Fail a case that takes longer than it may."""

    def ring(*_: object) -> None:
        raise AssertionError(f"it takes longer than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _cheap_checks() -> Iterator[None]:
    """Let `check` run the first check of the contract only."""
    all_checks = check.contract_checks
    check.contract_checks = lambda: dict(list(all_checks().items())[:1])
    try:
        yield
    finally:
        check.contract_checks = all_checks
