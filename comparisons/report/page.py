"""The report of a comparison: one self-contained HTML file, with its figures and tables as files beside it.

The answer comes first, with the figure that shows it; then claims with verdicts, the other figures, the table of
measures, diagnostics of the reference and provenance. The same tree gives the same bytes.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
import xarray as xr

from comparisons.claims import Verdict, decidable, judge
from comparisons.kinds import kind_of
from comparisons.report.claim_tables import claim_groups, claim_rows, claims_in_markdown
from comparisons.report.figure import RenderedFigure, csv_bytes, labelled, rendered_figures
from comparisons.report.style import FIGURE_WIDTH
from comparisons.report.words import measure_sections, seed_assumptions
from comparisons.rows import table_of
from comparisons.tree import SMOKE_RUN, is_smoke
from metalearners.atomic import write_atomically

_NOT_SETTINGS = (
    *("schema", "kind", "notes", "versions", "evaluation_version", "is_smoke"),
    *("training_versions", "command", "date", "measures"),
)
"""Attributes of trees that say something else than how they were made, or say it elsewhere on the page."""
_TEMPLATE = Path(__file__).with_name("page.html.j2")
_STYLE = Path(__file__).with_name("page.css")

LARGEST_SVG = 100_000
"""Bytes up to which the page shows a figure as SVG, which is sharp at any size; above, it shows the smaller of both."""


def write_report(tree: xr.DataTree, path: Path, *, question: str, provenance: Mapping[str, str]) -> Path:
    """Write the report of a measured comparison and return the path of its HTML file, which is written last.

    A path that ends in `.html` is that file, and figures and tables go to the folder `<stem>_files` beside it; any
    other path is a folder, and the report is its `index.html` with the other files beside it. Raises `OSError` where
    a file cannot be written; no half-written file is left.
    """
    is_file = path.suffix == ".html"
    page = path if is_file else path / "index.html"
    folder = path.with_name(f"{path.stem}_files") if is_file else path
    figures, verdicts = rendered_figures(kind_of(tree).figures, tree), verdicts_of(tree)

    files: dict[str, bytes] = {}
    for figure in figures:
        files |= {f"{figure.name}.png": figure.png, f"{figure.name}.pdf": figure.pdf, f"{figure.name}.csv": figure.csv}
    files["measures.csv"] = csv_bytes(labelled(tree, table_of(tree).frame()))
    claims = pd.DataFrame(verdicts, columns=list(Verdict._fields)).astype({"over": str})
    files["claims.csv"] = csv_bytes(labelled(tree, claims))
    heading = f"**{SMOKE_RUN}**\n\n" if is_smoke(tree) else ""
    files["claims.md"] = (heading + claims_in_markdown(claim_rows(verdicts))).encode()
    prefix = f"{folder.name}/" if is_file else ""
    html = page_of(tree, figures, verdicts, question=question, provenance=provenance, files=prefix)
    for name, content in files.items():
        write_atomically(folder / name, content)
    _remove_figures_of_before(folder, {figure.name for figure in kind_of(tree).figures}, files)
    write_atomically(page, html.encode())
    return page


def _remove_figures_of_before(folder: Path, names: set[str], files: Mapping[str, bytes]) -> None:
    """Remove the files of figures that an earlier report had and this one lacks; nothing else in the folder."""
    for path in folder.iterdir():
        if path.stem in names and path.name not in files and path.is_file():
            path.unlink()


def page_of(
    tree: xr.DataTree,
    figures: Sequence[RenderedFigure],
    verdicts: Sequence[Verdict],
    *,
    question: str,
    provenance: Mapping[str, str],
    files: str,
) -> str:
    """Return the page itself; `files` is the path from the page to the files of its figures."""
    kind, table = kind_of(tree), table_of(tree)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        style=_STYLE.read_text(encoding="utf-8"),
        question=question,
        smoke=SMOKE_RUN if is_smoke(tree) else "",
        answer=kind.answer(tree, table, verdicts),
        claims=claim_groups(verdicts, kind, figures),
        seed_assumptions=seed_assumptions(table),
        figures=[_shown(figure, place) for place, figure in enumerate(figures, start=1)],
        files=files,
        kind=kind,
        sections=measure_sections(table, kind),
        diagnostics=list(kind.diagnostics(tree, table)),
        notes=json.loads(tree.attrs["notes"]),
        origin={name: str(tree.attrs[name]) for name in ("command", "date") if name in tree.attrs},
        provenance=dict(provenance),
        versions=json.loads(tree.attrs["versions"]),
        citations=kind.citations,
    )


def write_comparison_report(tree: xr.DataTree, path: Path) -> Path:
    """Write the report of a comparison that has no folder of its own: question and settings come from the tree."""
    return write_report(tree, path, question=kind_of(tree).question(tree), provenance=_settings(tree.attrs))


def verdicts_of(tree: xr.DataTree) -> list[Verdict]:
    """Return the verdicts on the claims that a measured comparison can decide; those of a smoke run are not judged."""
    table = table_of(tree)
    verdicts = judge(table, decidable(kind_of(tree).claims(tree, table), table))
    return [verdict._replace(outcome="not judged") for verdict in verdicts] if is_smoke(tree) else verdicts


def summary_of(tree: xr.DataTree) -> str:
    """Return the answer as text: the sentence, its details, and the notes of the tree."""
    answer = kind_of(tree).answer(tree, table_of(tree), verdicts_of(tree))
    notes = [f"note: {note}" for note in json.loads(tree.attrs["notes"])]
    warning = [f"note: {SMOKE_RUN}"] if is_smoke(tree) else []
    return "\n".join([answer.sentence, *(f"  {detail}" for detail in answer.details), *warning, *notes])


def answer_in_html(tree: xr.DataTree) -> str:
    """Return question, answer and verdicts as a fragment of HTML, for a notebook."""
    kind, verdicts = kind_of(tree), verdicts_of(tree)
    answer = kind.answer(tree, table_of(tree), verdicts)
    details = "".join(f"<li>{escape(detail)}</li>" for detail in answer.details)
    claims = "".join(f"<li>{escape(v.outcome)}: {escape(v.statement)}</li>" for v in verdicts)
    warning = f"<p><strong>{escape(SMOKE_RUN)}</strong></p>" if is_smoke(tree) else ""
    return (
        f"<p>{escape(kind.question(tree))}</p>{warning}<p><strong>{escape(answer.sentence)}</strong></p>"
        f"<ul>{details}</ul><details><summary>{len(verdicts)} claims</summary><ul>{claims}</ul></details>"
    )


def _settings(attributes: Mapping[Any, Any]) -> dict[str, str]:
    """Return how a tree was made, flat: `evaluation.num_tasks` and the like."""
    settings: dict[str, str] = {}
    for name, value in attributes.items():
        if name in _NOT_SETTINGS:
            continue
        if name in ("evaluation", "experiments"):
            settings |= {f"{name}.{key}": str(part) for key, part in json.loads(value).items()}
        else:
            settings[str(name)] = f"{value:g}" if isinstance(value, float | np.floating) else str(value)
    return settings


def _shown(figure: RenderedFigure, place: int) -> dict[str, Any]:
    """Return what the template says of a figure; its picture is SVG unless that is larger than a PNG."""
    is_sharp = len(figure.svg) <= max(LARGEST_SVG, len(figure.png))
    return figure._asdict() | {
        "place": place,
        "source": _data_url("svg+xml", figure.svg) if is_sharp else _data_url("png", figure.png),
        "width": round(100 * FIGURE_WIDTH),
        "pixels_high": round(100 * figure.height),
    }


def _data_url(kind: str, picture: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
