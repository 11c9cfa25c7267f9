"""`bayesgauge check`: the contract tests of families."""

import tyro

from bayesopt import families
from bayesopt.contract import NotApplicable, contract_checks
from bayesopt.family import family_id
from comparisons.commands.names import family_named
from comparisons.commands.parsing import parse


def main(arguments: list[str]) -> int:
    """Run the contract tests of families."""

    def check(names: tyro.conf.Positional[tuple[str, ...]] = ()) -> tuple[str, ...]:
        """Run the contract tests of families: model, beliefs, predictive, chain rule, NUTS, calibration.

        Args:
            names: ids or class names of families; all of them if none is named.
        """
        return names

    names = parse(check, args=arguments, prog="bayesgauge check")
    num_failed = 0
    for family in [family_named(name)() for name in names or families.family_ids()]:
        for label, run_check in contract_checks().items():
            try:
                verdict = f"passed: {run_check(family)}"
            except NotApplicable as reason:
                verdict = f"not applicable: {reason}"
            except AssertionError as error:
                num_failed += 1
                verdict = f"FAILED: {error}"
            print(f"{family_id(family)}: {label}: {verdict}", flush=True)
    return 1 if num_failed else 0
