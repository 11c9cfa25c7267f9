"""Wrong kinds of arguments, refused in one line that says what is expected and what is for the kind that was given."""

from typing import Any, NamedTuple

from bayesopt.family import (
    AbstractBanditFamily,
    AbstractContextualBanditFamily,
    AbstractFamily,
    AbstractPredictionFamily,
    AbstractRegressionFamily,
    AbstractTabularFamily,
)


class _FamilyKind(NamedTuple):
    kind: type[AbstractFamily]
    tasks: str
    """What its tasks are called."""
    functions: str
    """What takes families of the kind."""


_FAMILY_KINDS = (
    _FamilyKind(
        AbstractPredictionFamily, "sequences", "compare, certify, order_cost, meta_train or PredictionExperiment"
    ),
    _FamilyKind(AbstractBanditFamily, "bandits", "compare, certify_decisions, meta_train or DecisionExperiment"),
    _FamilyKind(
        AbstractContextualBanditFamily, "contextual bandits", "compare, meta_train or ContextualOrderExperiment"
    ),
    _FamilyKind(
        AbstractRegressionFamily, "regressions", "meta_train, LinearOrderExperiment or FunctionOrderExperiment"
    ),
    _FamilyKind(AbstractTabularFamily, "tabular MDPs", "ForagingExperiment"),
)


def require_family(family: object, kinds: type[Any] | tuple[type[Any], ...], function: str) -> None:
    """Raise `TypeError` unless a family is of one of these kinds; `function` is what was called."""
    if not isinstance(family, kinds):
        raise wrong_family(family, kinds if isinstance(kinds, tuple) else (kinds,), function)


def wrong_family(family: object, kinds: tuple[type[Any], ...], function: str) -> TypeError:
    """Return the error that says which kinds a function takes, and what takes the kind that was given."""
    known = {one.kind: one.tasks for one in _FAMILY_KINDS}
    wanted = " or ".join(known.get(kind, kind.__name__) for kind in kinds)
    if isinstance(family, type):
        return TypeError(f"{function} needs an instance of a family; got the class {family.__name__}. Make one of it")
    given = next((one for one in _FAMILY_KINDS if isinstance(family, one.kind)), None)
    instead = f", a family of {given.tasks}, for which there is {given.functions}" if given else ""
    return TypeError(f"{function} needs a family of {wanted}; got {type(family).__name__}{instead}")


def with_article(name: str) -> str:
    """Return a name of a class after "a" or "an"."""
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"


def require_instance(value: object, kinds: type[Any] | tuple[type[Any], ...], name: str, advice: str = "") -> None:
    """Raise `TypeError` unless an argument is of one of these kinds; `advice` says what to do."""
    if isinstance(value, kinds):
        return
    kinds = kinds if isinstance(kinds, tuple) else (kinds,)
    wanted = " or ".join(with_article(kind.__name__) for kind in kinds)
    given = f"the class {value.__name__}" if isinstance(value, type) else with_article(type(value).__name__)
    raise TypeError(f"{name} must be {wanted}; got {given}{'. ' + advice if advice else ''}")
