from decimal import Decimal

BOUNDS = (Decimal("-10.5"), Decimal(100))


def test_the_range_includes_its_bounds_and_ignores_missing_figures(judge, observe):
    text = "US 1 2019 -10.5\nUS 1 2020 100\nUS 1 2021 -"
    result = judge("value_range", observe(text, valid_range=BOUNDS))
    assert result.passed
    assert result.message == "every figure is within -10.5 to 100"


def test_figures_outside_the_range_are_reported_exactly(judge, observe):
    text = "US 1 2019 -10.50000001\nUS 1 2020 1000.10\nUS 1 2021 0"
    result = judge("value_range", observe(text, valid_range=BOUNDS))
    assert (result.refuses, result.failures) == (True, 2)
    assert [cell["obs_value"] for cell in result.cells] == ["-10.50000001", "1000.1"]
    assert result.message == (
        "2 figures outside -10.5 to 100, first: US 1 2019 is -10.50000001; check whether a unit "
        "or marker was misread, or widen the dataset's valid_range"
    )


def test_without_a_range_every_figure_passes(judge, observe):
    assert judge("value_range", observe("US 1 2019 1")).message == "the dataset declares no range"
