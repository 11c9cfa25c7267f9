"""What the tests of comparisons share."""

import pytest
from matplotlib.figure import Figure

RESOLUTION = 30
"""Dots per inch of pictures that are written without a resolution of their own."""


@pytest.fixture(scope="session", autouse=True)
def full_savefig():
    """Makes reports cheap: small pictures and empty PDF files. The value is matplotlib's own `savefig`."""
    save = Figure.savefig

    def savefig(figure, target, *, format=None, **options):
        if format != "pdf":
            save(figure, target, format=format, **{"dpi": RESOLUTION, **options})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", savefig)
        yield save
