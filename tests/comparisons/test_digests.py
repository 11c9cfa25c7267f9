"""Nothing that is shown of a made-up comparison changes unnoticed: tables, pages, summaries and pictures.

Where a change is meant, `python -m tests.comparisons.digests --write` stores the new digests.
"""

import pytest

from tests.comparisons.digests import PICTURE, differences, picture_digests, stored, text_digests
from tests.comparisons.made_up import MADE_UP


def stored_of(name, *, pictures):
    return {
        key: digest
        for key, digest in stored().items()
        if key.startswith(f"{name}/") and key.endswith(PICTURE) == pictures
    }


@pytest.mark.parametrize("name", MADE_UP)
def test_texts_are_those_that_are_stored(name):
    assert differences(text_digests(name), stored_of(name, pictures=False)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", MADE_UP)
def test_pictures_are_those_that_are_stored(name):
    assert differences(picture_digests(name), stored_of(name, pictures=True)) == []


def test_nothing_else_is_stored():
    assert {key.partition("/")[0] for key in stored()} == set(MADE_UP)


def test_differences_are_named():
    assert differences({"a": "1", "b": "2"}, {"b": "3", "c": "4"}) == ["a is new", "b differs", "c is gone"]
