"""`bayesgauge report`: the report of a finished run, written again from its files."""

from pathlib import Path
from typing import Annotated

import tyro

from comparisons.commands.answers import Output, OutputOptions, only_json, print_answer
from comparisons.commands.parsing import parse
from comparisons.comparison import REPRODUCTION_FILE, open_comparison
from comparisons.reproductions._running import render_reproduction
from comparisons.stages import render


def main(arguments: list[str]) -> int:
    """Write the report of a finished run again."""

    def report(
        folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")],
        *,
        answer: OutputOptions = Output(),
    ) -> tuple[Path, Output]:
        """Write the report of a finished run again, from its files alone.

        Args:
            folder: folder of the run: `results/<experiment>/<fingerprint>`, or `results/<paper>` of a reproduction.
            answer: how the answer is printed.
        """
        return folder, answer

    folder, answer = parse(report, args=arguments, prog="bayesgauge report")
    with only_json(answer.json):
        page = render_reproduction(folder) if (folder / REPRODUCTION_FILE).exists() else render(folder)
        comparison = open_comparison(folder)
    return print_answer(comparison, page, answer)
