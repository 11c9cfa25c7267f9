"""What the package shows of every made-up comparison, as digests: a net under changes that are to change nothing.

    python -m tests.comparisons.digests             what differs from the digests that are stored
    python -m tests.comparisons.digests --write     store those of today
    python -m tests.comparisons.digests --dump DIR  write the texts themselves, to compare two commits with `diff -r`

The texts are tables (CSV), pages without their images, and summaries. Of pictures the pixels count, at a low
resolution. Numbers of tables count to ten digits, so that another processor's rounding is no difference; `--dump`
writes all digits.
"""

import argparse
import functools
import hashlib
import io
import json
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest import mock

import xarray as xr
from matplotlib.figure import Figure

from comparisons.comparison import Comparison
from tests.comparisons.made_up import MADE_UP, made_up

STORED = Path(__file__).with_name("digests.json")
PICTURE = ".png"
RESOLUTION = 30
"""Dots per inch of the pictures that count."""
_NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")
_NOTHING = 1e-12
"""Smaller numbers are rounding errors of zero."""


def stored() -> dict[str, str]:
    """The digests that are stored, by what they are of: `predictions/kl_by_time.csv` and the like."""
    return json.loads(STORED.read_text())


def text_digests(name: str) -> dict[str, str]:
    """Digests of all texts of a made-up comparison."""
    return {key: _digest(_rounded(key, text).encode()) for key, text in texts(name).items()}


def picture_digests(name: str) -> dict[str, str]:
    """Digests of all pictures of a made-up comparison."""
    files = report_files(name, with_pictures=True)
    return {f"{name}/{file}": _digest(data) for file, data in files.items() if file.endswith(PICTURE)}


def texts(name: str) -> dict[str, str]:
    """Everything that is written of a made-up comparison, as text with all digits."""
    comparison = Comparison(made_up(name))
    found = {f"{name}/summary": comparison.summary()}
    found[f"{name}/table"] = comparison.table.to_csv(index=False)
    for file, data in report_files(name, with_pictures=False).items():
        if file == "index.html":
            found[f"{name}/page"] = _lasting(data.decode())
        elif not file.endswith((PICTURE, ".pdf")):
            found[f"{name}/{file}"] = data.decode()
    return found


def differences(found: dict[str, str], expected: dict[str, str]) -> list[str]:
    """What was found to be different, in words."""
    return [
        f"{key} {'is new' if key not in expected else 'is gone' if key not in found else 'differs'}"
        for key in sorted(found.keys() | expected.keys())
        if found.get(key) != expected.get(key)
    ]


@functools.cache
def report_files(name: str, *, with_pictures: bool) -> dict[str, bytes]:
    """The files of the report of a made-up comparison, written once; see `written`."""
    return written(made_up(name), with_pictures=with_pictures)


def written(tree: xr.DataTree, *, with_pictures: bool = False) -> dict[str, bytes]:
    """The files of a report; PNG files hold the pixels of a small picture or nothing, PDF files nothing."""
    save = Figure.savefig

    def savefig(figure: Figure, target: io.BytesIO, *, format: str, **options: Any) -> None:
        if with_pictures and format == "png":
            save(figure, target, format="rgba", dpi=RESOLUTION)

    with mock.patch.object(Figure, "savefig", savefig), tempfile.TemporaryDirectory() as folder:
        Comparison(tree).write_report(folder)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def _lasting(page: str) -> str:
    """A page without its images and the versions that made it."""
    page = re.sub(r"data:image/(png|svg\+xml);base64,[^\"]*", "", page)
    return re.sub(r"(<h3>Versions</h3>\n<dl>\n).*?(</dl>)", r"\1\2", page, flags=re.DOTALL)


def _rounded(key: str, text: str) -> str:
    """A table with ten digits of each number; any other text as it is."""
    if not key.endswith((".csv", "table")):
        return text
    return _NUMBER.sub(lambda match: _ten_digits(float(match[0])), text)


def _ten_digits(value: float) -> str:
    return "0" if abs(value) < _NOTHING else f"{value:.10g}"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _dump(names: Iterable[str], folder: Path) -> None:
    for name in names:
        for key, text in texts(name).items():
            path = folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def main() -> int:
    """Compare, store or dump; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="store the digests of today")
    parser.add_argument("--dump", type=Path, metavar="DIR", help="write the texts into this folder")
    arguments = parser.parse_args()
    if arguments.dump:
        _dump(MADE_UP, arguments.dump)
        return 0
    found: dict[str, str] = {}
    for name in MADE_UP:
        found |= text_digests(name) | picture_digests(name)
    if arguments.write:
        STORED.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
        return 0
    different = differences(found, stored())
    print("\n".join(different) or "nothing differs")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
