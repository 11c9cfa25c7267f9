"""`bayesgauge list`: task families and paper reproductions."""

import inspect
import io
import shutil
import sys

from rich.console import Console
from rich.table import Table

from bayesopt import families
from comparisons import reproductions
from comparisons.commands.answers import JsonOption, print_json
from comparisons.commands.parsing import parse
from comparisons.commands.show import first_line, reference_kind


def main(arguments: list[str]) -> int:
    """List task families and paper reproductions."""

    def list_names(*, json: JsonOption = False) -> bool:
        """List what `run` knows: the task families, each of which is an experiment, and the reproductions of papers.

        Args:
            json: print one JSON object instead of text.
        """
        return json

    is_json = parse(list_names, args=arguments, prog="bayesgauge list")
    known = [
        {"id": identifier, "class": cls.__name__, "reference": reference_kind(cls), "tasks": _about(cls)}
        for identifier, cls in families.discover().items()
    ]
    papers = [
        {"paper": identifier, "reproduction": first_line(reproductions.load(identifier))}
        for identifier in reproductions.reproduction_ids()
    ]
    if is_json:
        print_json({"families": known, "papers": papers})
        return 0
    laid_out = io.StringIO()  # printed below: rich would end the program where nobody reads what it prints
    width = max(40, shutil.get_terminal_size().columns) if sys.stdout.isatty() else 120
    console = Console(file=laid_out, width=width)
    for position, rows in enumerate((known, papers)):
        table = Table(box=None, pad_edge=False)
        for heading in rows[0]:
            table.add_column(heading, no_wrap=heading != list(rows[0])[-1])
        for row in rows:
            table.add_row(*row.values())
        if position:
            console.print()
        console.print(table)
    print(laid_out.getvalue(), end="")
    return 0


def _about(cls: type) -> str:
    return first_line(inspect.getmodule(cls))
