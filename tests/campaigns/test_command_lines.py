"""A few cases of the campaign of command lines, of those that need no process of their own and train nothing."""

import pytest

from tests.campaigns import command_lines

QUICK = [index for index in range(1, 60) if index % command_lines.ALONE]


def test_command_lines_end_as_they_should(tmp_path):
    outcomes = set()
    for index in QUICK:
        (tmp_path / str(index)).mkdir()
        outcomes.add(command_lines.run_one(index, tmp_path / str(index)))
    assert outcomes == {"done", "refused", "unparsed"}


@pytest.mark.slow
def test_a_command_line_in_a_process_of_its_own(tmp_path):
    for index in range(0, 10 * command_lines.ALONE, command_lines.ALONE):
        (tmp_path / str(index)).mkdir()
        assert command_lines.run_one(index, tmp_path / str(index))
