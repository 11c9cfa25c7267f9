"""`bayesgauge report`: the report of a finished run, written again from its files."""

from pathlib import Path

import tyro

from comparisons.commands.answers import print_result
from comparisons.commands.parsing import parse
from comparisons.comparison import REPRODUCTION_FILE, open_comparison
from comparisons.reproductions._running import render_reproduction
from comparisons.stages import render


def main(arguments: list[str]) -> int:
    """Write the report of a finished run again."""

    def report(folder: tyro.conf.Positional[Path]) -> Path:
        """Write the report of a finished run again, from its files alone.

        Args:
            folder: folder of the run: `results/<experiment>/<fingerprint>`, or `results/<paper>` of a reproduction.
        """
        return folder

    folder = parse(report, args=arguments, prog="bayesgauge report")
    page = render_reproduction(folder) if (folder / REPRODUCTION_FILE).exists() else render(folder)
    print_result(open_comparison(folder))
    print(f"report: {page}")
    return 0
