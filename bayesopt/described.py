"""Short descriptions of large results, for `repr`."""


def described(owner: object, **numbers: float | int | str) -> str:
    """Return "Type(name=number, ...)", numbers to six digits; the arrays that a result holds are left out."""
    parts = (
        f"{name}={value:.6g}" if isinstance(value, float) else f"{name}={value}" for name, value in numbers.items()
    )
    return f"{type(owner).__name__}({', '.join(parts)})"
