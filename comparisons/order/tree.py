"""Layout of the tree of a comparison of orders of learning."""

from comparisons.tree import Schema, Variables

GROUPS: dict[str, Variables] = {"systems": {}}
"""Groups that every comparison of orders of learning has; a child for each system, see `comparisons.order.systems`."""

OPTIONAL_GROUPS: dict[str, Variables] = {"outer": {}, "scores": {}, "courses": {}}
"""Groups that exist where they mean something: networks with checkpoints, predictives, choices."""

SCHEMA = Schema("bayesgauge order 1", GROUPS, OPTIONAL_GROUPS)
