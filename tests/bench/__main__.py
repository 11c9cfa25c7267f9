"""Speed and memory, measured and printed beside the targets: `make bench`. Nothing here is asserted in a test.

Times are medians of several runs in one process, or of whole processes where start-up is what is measured; ratios
compare two things timed in turn within this run. Names of parts run these only: `make bench ARGS="indices horizons"`.
"""

import sys

from tests.bench import (
    best_arm,
    decisions,
    exploration,
    horizons,
    indices,
    learners,
    lifetimes,
    predictions,
    stacks,
    start_up,
)
from tests.bench.table import heading

PARTS = {
    part.__name__.rpartition(".")[2]: part
    for part in (
        start_up,
        indices,
        best_arm,
        horizons,
        exploration,
        lifetimes,
        predictions,
        decisions,
        learners,
        stacks,
    )
}

if __name__ == "__main__":
    unknown = set(sys.argv[1:]) - set(PARTS)
    if unknown:
        sys.exit(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    heading()
    for name in sys.argv[1:] or PARTS:
        PARTS[name].bench()
