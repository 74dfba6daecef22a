"""Choose by the names in a setting."""

import pytest

from statpipe.api import ConfigError, chosen

THERE = {"cargo": 1, "crews": 2}


def test_named_entries_are_returned_in_their_order():
    assert chosen(THERE, ("crews", "cargo"), "sources.harbour.tables") == [2, 1]
    assert chosen(THERE, (), "sources.harbour.tables") == []


def test_an_unknown_name_is_refused_with_its_setting_and_a_suggestion():
    with pytest.raises(ConfigError) as refused:
        chosen(THERE, ("Cargos",), "sources.harbour.tables")
    assert str(refused.value) == (
        "sources.harbour.tables: 'Cargos' does not exist; did you mean 'cargo'?"
    )
