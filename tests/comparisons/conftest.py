"""What the tests of comparisons share."""

import pytest
from matplotlib.figure import Figure

RESOLUTION = 30
"""Dots per inch of the pictures of reports."""


@pytest.fixture(scope="session", autouse=True)
def full_savefig():
    """Makes reports cheap: small pictures, empty PDF and SVG files. The value is matplotlib's own `savefig`."""
    save = Figure.savefig

    def savefig(figure, target, *, format=None, **options):
        if format not in ("pdf", "svg"):
            save(
                figure,
                target,
                format=format,
                **({"dpi": RESOLUTION} if format == "png" else {}),
                metadata=options.get("metadata"),
            )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", savefig)
        yield save
