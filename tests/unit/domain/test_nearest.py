"""The name that was probably meant."""

from __future__ import annotations

import pytest

from statpipe.domain.nearest import nearest


@pytest.mark.parametrize(
    ("name", "choices", "says"),
    [
        ("ECBB", ["ECB", "BIS"], "; did you mean 'ECB'?"),
        ("namq_10_gdp", ["NAMQ_10_GDP", "EXR"], "; did you mean 'NAMQ_10_GDP'?"),
        ("x", ["tea", "coffee"], "; there are coffee, tea"),
        ("x", [], "; there is none"),
        ("x", [f"code {number}" for number in range(41)], ""),
    ],
)
def test_the_nearest_name_is_suggested_or_all_are_listed(name, choices, says):
    assert nearest(name, choices) == says
