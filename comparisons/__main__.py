"""The command line: `bayesgauge list | show | run | score | report | results | check | gittins`.

Nothing heavy is imported before a command needs it. Whatever goes wrong is said in one line on standard error;
`--traceback`, or BAYESGAUGE_TRACEBACK=1, shows the rest.
"""

import contextlib
import errno
import importlib
import os
import sys
import traceback
from collections.abc import Callable

import comparisons
from comparisons.commands.console import silence_output, tolerant_streams
from comparisons.commands.refusals import CommandLineError, HelpShown, closest, one_line, shown

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

options:
  -h, --help                             show this message
  --version                              show the version of bayesgauge
  --traceback                            with any command: show where an error comes from

exit codes:
  0 done; 1 refused or failed; 2 an option is unknown or missing; 3 with --strict: not every claim held;
  130 interrupted; 141 the reader of the output went away
"""

_OF_OUTPUT = (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF)
"""Errors of a write; without the name of a file, what could not be written is the answer."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code, one of those that the help lists."""
    given = sys.argv[1:] if arguments is None else arguments
    with tolerant_streams():
        code = _run([word for word in given if word != "--traceback"], _wants_traceback(given))
        return _flushed(code)


def _run(arguments: list[str], wants_traceback: bool) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        lines = "\n".join(f"  {name:<8} {purpose}" for name, purpose in COMMANDS.items())
        print(USAGE.format(commands=lines), end="")
        return 0 if arguments else _refuse(f"missing COMMAND; there are {', '.join(COMMANDS)}", 2)
    name, *rest = arguments
    if name not in (*COMMANDS, "--version"):
        return _refuse(f"no command {shown(name)}{closest(name, COMMANDS)}; there are {', '.join(COMMANDS)}", 2)
    if not _folder_exists():
        return _refuse("the current folder does not exist any more; change to another one", 1)
    try:
        return _print_version() if name == "--version" else _command(name)(rest)
    except HelpShown:
        return 0
    except KeyboardInterrupt:
        return _refuse("stopped; what is done is kept, and the same command resumes", 130)
    except BaseException as error:  # code of the user's may raise anything, SystemExit included
        if isinstance(error, OSError) and error.filename is None and error.errno in _OF_OUTPUT:
            return _lost_output(error)
        if wants_traceback:
            traceback.print_exc()
        return _refuse(one_line(error, name), 2 if isinstance(error, CommandLineError) else 1)


def _folder_exists() -> bool:
    """Return whether there is a current folder: without one, torch's libraries end the process when they are loaded."""
    try:
        return os.path.isdir(os.getcwd())
    except OSError:
        return False


def _print_version() -> int:
    print(comparisons.__version__)
    return 0


def _command(name: str) -> Callable[[list[str]], int]:
    return importlib.import_module(f"comparisons.commands.{name}").main


def _wants_traceback(arguments: list[str]) -> bool:
    return "--traceback" in arguments or os.environ.get("BAYESGAUGE_TRACEBACK", "0") not in ("", "0")


def _refuse(message: str, code: int) -> int:
    with contextlib.suppress(OSError):  # nobody reads it
        print(f"bayesgauge: {message}", file=sys.stderr)
    return code


def _flushed(code: int) -> int:
    """Return the exit code after everything is printed: another one if the output could not be written."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return _lost_output(error)
    return code


def _lost_output(error: OSError) -> int:
    """Say that the answer could not be printed, unless its reader went away, and return the exit code."""
    silence_output()
    if isinstance(error, BrokenPipeError):
        return 141
    return _refuse(f"could not write to standard output: {error.strerror}", 1)


if __name__ == "__main__":
    sys.exit(main())
