"""A command in a message works where the run was."""

import pytest

from statpipe.engine.record.advice import in_environment


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("run `statpipe run tea --full`", "run `statpipe run tea --full --env prod`"),
        (
            "`statpipe lake verify tea --repair`, or `statpipe transform tea`",
            "`statpipe lake verify tea --repair --env prod`, or `statpipe transform tea --env prod`",
        ),
        ("`statpipe run tea --env staging`", "`statpipe run tea --env staging`"),
        (
            "`statpipe plugins list` and `statpipe db stop`",
            "`statpipe plugins list` and `statpipe db stop`",
        ),
        ("the command `statpipe` and `make demo`", "the command `statpipe` and `make demo`"),
    ],
)
def test_a_command_gets_the_environment_that_it_lacks(text, wanted):
    assert in_environment(text, "prod") == wanted
    assert in_environment(text, "local") == text
