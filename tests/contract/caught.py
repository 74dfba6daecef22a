"""Runs a contract on something broken, and gathers what it says."""

import inspect

import pytest


def failures(contract, only=None, **fixtures):
    """Run every test of a contract, or one, with these fixtures; return test -> what it said."""
    said = {}
    for name, test in inspect.getmembers(contract, inspect.isfunction):
        if name == only or (only is None and name.startswith("test_")):
            try:
                wanted = list(inspect.signature(test).parameters)[1:]
                given = {one: fixtures[one] for one in wanted}
                for one, made in given.items():
                    given[one] = made() if inspect.isfunction(made) and one in FRESH else made
                test(contract(), **given)
            except pytest.fail.Exception as failure:
                said[name] = str(failure)
            except pytest.skip.Exception:
                pass
    return said


FRESH = {"sink", "source", "payloads"}
"""Fixtures that are rebuilt for each test, where a function is given."""


def assert_caught(said, promise, words):
    """The promise is among those that failed, in these words, with what to do."""
    assert promise in said, f"caught by {list(said)} only"
    assert words in said[promise], said[promise]
    for text in said.values():
        assert "What to do: " in text
        assert len(text) < 1_500
