"""`bayesgauge list`: task families and paper reproductions."""

import inspect
import sys

from rich.console import Console
from rich.table import Table

from bayesopt import families
from comparisons import reproductions
from comparisons.commands.parsing import parse
from comparisons.commands.show import first_line, reference_kind


def main(arguments: list[str]) -> int:
    """List task families and paper reproductions."""

    def list_names() -> None:
        """List what `run` knows: the task families, each of which is an experiment, and the reproductions of papers."""

    parse(list_names, args=arguments, prog="bayesgauge list")
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "class", "reference", "tasks"):
        table.add_column(heading, no_wrap=heading != "tasks")
    for identifier, cls in families.discover().items():
        table.add_row(identifier, cls.__name__, reference_kind(cls), first_line(inspect.getmodule(cls)))
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    table = Table(box=None, pad_edge=False)
    for heading in ("paper", "reproduction"):
        table.add_column(heading, no_wrap=heading == "paper")
    for identifier in reproductions.reproduction_ids():
        table.add_row(identifier, first_line(reproductions.load(identifier)))
    console.print()
    console.print(table)
    return 0
