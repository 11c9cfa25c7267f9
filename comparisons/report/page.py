"""The report of a comparison: one self-contained HTML file, with its figures and tables as files beside it.

Question and answer with verdicts first, then figures, the table of measures, diagnostics of the reference, provenance.
The same tree gives the same bytes.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
import xarray as xr

from comparisons.claims import Verdict, judge
from comparisons.kind import presentation_of
from comparisons.report.figure import csv_bytes, rendered_figures
from comparisons.report.words import claim_rows, claims_in_markdown, measure_sections
from metalearners.atomic import write_atomically

_TEMPLATE = Path(__file__).with_name("page.html.j2")


def write_report(tree: xr.DataTree, path: Path, *, question: str, provenance: Mapping[str, str]) -> Path:
    """Write the report of a measured comparison and return the path of its HTML file, which is written last.

    A path that ends in `.html` is that file, and figures and tables go to the folder `<stem>_files` beside it; any
    other path is a folder, and the report is its `index.html` with the other files beside it. Raises `OSError` where
    a file cannot be written; no half-written file is left.
    """
    is_file = path.suffix == ".html"
    page = path if is_file else path / "index.html"
    folder = path.with_name(f"{path.stem}_files") if is_file else path
    presentation, table, verdicts = presentation_of(tree), _table(tree), verdicts_of(tree)
    figures = rendered_figures(presentation.figures, tree)

    files: dict[str, bytes] = {}
    for figure in figures:
        files |= {f"{figure.name}.png": figure.png, f"{figure.name}.pdf": figure.pdf, f"{figure.name}.csv": figure.csv}
    files["measures.csv"] = csv_bytes(table)
    files["claims.csv"] = csv_bytes(pd.DataFrame(verdicts, columns=list(Verdict._fields)))
    files["claims.md"] = claims_in_markdown(claim_rows(verdicts)).encode()
    html = (
        _environment()
        .from_string(_TEMPLATE.read_text(encoding="utf-8"))
        .render(
            question=question,
            headline=presentation.headline(tree, table, verdicts),
            claims=claim_rows(verdicts),
            figures=[figure._asdict() | {"source": _data_url(figure.png)} for figure in figures],
            files=f"{folder.name}/" if is_file else "",
            vocabulary=presentation.vocabulary,
            sections=measure_sections(table, presentation.vocabulary),
            diagnostics=presentation.diagnostics(tree, table),
            notes=json.loads(tree.attrs["notes"]),
            provenance=dict(provenance),
            versions=json.loads(tree.attrs["versions"]),
            citations=presentation.citations,
        )
    )
    for name, content in files.items():
        write_atomically(folder / name, content)
    write_atomically(page, html.encode())
    return page


def write_comparison_report(tree: xr.DataTree, path: Path) -> Path:
    """Write the report of a comparison that is no experiment: question and settings come from the tree."""
    return write_report(tree, path, question=presentation_of(tree).question(tree), provenance=_settings(tree.attrs))


def verdicts_of(tree: xr.DataTree) -> list[Verdict]:
    """What is claimed of the networks of a measured comparison, and what became of it."""
    table = _table(tree)
    return judge(table, presentation_of(tree).claims(tree, table))


def _table(tree: xr.DataTree) -> pd.DataFrame:
    return tree["measures"].to_dataset().to_dataframe().reset_index(drop=True)


def _settings(attributes: Mapping[Any, Any]) -> dict[str, str]:
    """What a tree says of its making, flat: `evaluation.num_tasks` and the like."""
    settings: dict[str, str] = {}
    for name, value in attributes.items():
        if name in ("schema", "notes", "versions", "evaluation"):
            continue
        settings[str(name)] = f"{value:g}" if isinstance(value, float | np.floating) else str(value)
    evaluation = json.loads(attributes["evaluation"])
    return settings | {f"evaluation.{name}": str(value) for name, value in evaluation.items()}


def _environment() -> jinja2.Environment:
    return jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _data_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
