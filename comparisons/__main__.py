"""The command line: `bayesgauge list | show | run | score | report | results | check | gittins`.

Nothing heavy is imported before a command needs it. What a person can get wrong is said in one line on standard
error, with exit code 1 (2 for a command line that does not parse); set BAYESGAUGE_TRACEBACK=1 for the whole story.
"""

import difflib
import importlib
import os
import sys
from collections.abc import Callable, Iterable

COMMANDS = {
    "list": "list task families and paper reproductions",
    "show": "show one family and its experiment, or one paper and its claims",
    "run": "meta-train on a family or reproduce a paper, compare with Bayes, write the report",
    "score": "compare a network of your own with Bayes",
    "report": "write the report of a finished run again",
    "results": "list results: state, verdicts, duplicates, what no longer fits",
    "check": "run the contract tests of a family",
    "gittins": "print the Gittins index of a Bernoulli arm, with a bound on its error",
}

USAGE = """usage: bayesgauge COMMAND [OPTIONS]

How Bayes-optimal is this learner? Exact references, meta-learners, and comparisons with error bars.

commands:
{commands}

  bayesgauge run beta_bernoulli          the main job, a minute and a half
  bayesgauge COMMAND --help              the options of a command
"""

_EXPECTED = (ValueError, OSError, KeyError, FloatingPointError, ImportError, NotImplementedError)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] in ("-h", "--help"):
        lines = "\n".join(f"  {name:<8} {purpose}" for name, purpose in COMMANDS.items())
        print(USAGE.format(commands=lines), end="")
        return 0 if arguments else 2
    name, *rest = arguments
    if name == "--version":
        from importlib.metadata import version  # slow to load, and only this needs it

        print(version("bayesgauge"))
        return 0
    if name not in COMMANDS:
        return _refuse(f"no command {name!r}{_closest(name, COMMANDS)}; there are {', '.join(COMMANDS)}", 2)
    try:
        return _command(name)(rest)
    except KeyboardInterrupt:
        return _refuse("stopped; what is done is kept, and the same command resumes", 130)
    except _EXPECTED as error:
        if os.environ.get("BAYESGAUGE_TRACEBACK"):
            raise
        return _refuse(_one_line(error), 1)


def _command(name: str) -> Callable[[list[str]], int]:
    return importlib.import_module(f"comparisons.commands.{name}").main


def _refuse(message: str, code: int) -> int:
    print(f"bayesgauge: {message}", file=sys.stderr)
    return code


def _one_line(error: BaseException) -> str:
    message = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    first = next((line.strip() for line in message.splitlines() if line.strip()), type(error).__name__)
    return first


def _closest(name: str, known: Iterable[str]) -> str:
    matches = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""


if __name__ == "__main__":
    sys.exit(main())
