"""`bayesgauge check`: the contract tests of families."""

from collections.abc import Callable
from typing import Annotated

import tyro

from bayesopt import families
from bayesopt.contract import NotApplicable, contract_checks
from bayesopt.family import AbstractFamily, family_id
from comparisons.commands.answers import JsonOption, only_json, print_json
from comparisons.commands.console import on_one_line
from comparisons.commands.names import family_named
from comparisons.commands.parsing import parse
from comparisons.commands.refusals import one_line

HAS_ASSERTIONS = __debug__
"""False under Python's option -O, which leaves out the assertions that the contract consists of."""


def main(arguments: list[str]) -> int:
    """Run the contract tests of families."""

    def check(
        names: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[FAMILY ...]")] = (),
        *,
        json: JsonOption = False,
    ) -> tuple[tuple[str, ...], bool]:
        """Run the contract tests of families: model, beliefs, predictive, chain rule, NUTS, calibration.

        Args:
            names: ids or class names of families; all of them if none is named.
            json: print one JSON object instead of text.
        """
        return names, json

    names, is_json = parse(check, args=arguments, prog="bayesgauge check")
    if not HAS_ASSERTIONS:
        raise RuntimeError("the contract is made of assertions; run `bayesgauge check` without -O and PYTHONOPTIMIZE")
    found: list[dict[str, str]] = []
    for family in [family_named(name)() for name in names or families.family_ids()]:
        for label, run_check in contract_checks().items():
            with only_json(is_json):
                outcome, detail = _outcome(run_check, family)
            found.append({"family": family_id(family), "check": label, "outcome": outcome, "detail": detail})
            if not is_json:
                shown = outcome.upper() if outcome == "failed" else outcome
                print(f"{family_id(family)}: {label}: {shown}: {detail}", flush=True)
    if is_json:
        print_json({"checks": found})
    return 1 if any(one["outcome"] == "failed" for one in found) else 0


def _outcome(run_check: Callable[[AbstractFamily], str], family: AbstractFamily) -> tuple[str, str]:
    """Return the outcome of one check, "passed", "not applicable" or "failed", with what it says."""
    try:
        return "passed", run_check(family)
    except NotApplicable as reason:
        return "not applicable", str(reason)
    except AssertionError as error:
        return "failed", on_one_line(str(error))
    except Exception as error:  # whatever the family's own methods raise
        return "failed", one_line(error, "check")
