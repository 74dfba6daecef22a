from datetime import date

import pytest

EARLIER = date(2021, 10, 8)
AREAS = ("US", "CA", "NY", "TX", "WA", "OR")
YEARS = (2018, 2019, 2020)


def cube(change=None, years=YEARS, factor=1):
    """A figure for each cell, each another; *change* gives its own for some."""
    lines = []
    for row, area in enumerate(AREAS, 1):
        for line in range(1, 7):
            for year in years:
                value = factor * (row * 1000 + line * 10 + (year - 2017))
                own = change(area, line, year, value) if change else None
                lines.append(f"{area} {line} {year} {value if own is None else own}")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def before(observe):
    return observe(cube(), released=EARLIER)


def test_ordinary_figures_pass(judge, observe, before):
    result = judge("suspect_patterns", observe(cube()), before)
    assert result.passed
    assert result.message == "108 rows without suspicious patterns"
    assert judge("suspect_patterns", observe(cube())).passed


def test_a_table_of_zeros_is_reported_on_the_first_load(judge, observe, before):
    for previous in (None, before):
        result = judge("suspect_patterns", observe(cube(lambda *_: 0)), previous)
        assert (result.passed, result.severity, result.failures) == (False, "warning", 108)
        assert result.message == (
            "all 108 figures of the table are 0; check whether wrong units, columns or a "
            "placeholder were published by mistake"
        )
        assert result.cells == ({"pattern": "zero", "figures": 108},)


def test_a_line_that_becomes_zero_is_reported(judge, observe, before):
    current = observe(cube(lambda a, line, y, v: 0 if line == 5 else None))
    result = judge("suspect_patterns", current, before)
    assert result.message.startswith("all 18 figures of category 5 are 0; check")
    assert judge("suspect_patterns", current, current).passed
    assert judge("suspect_patterns", current).passed


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda a, line, y, v: v * 1000 if line == 5 else None,
            "18 figures of category 5 are typic",
        ),
        (lambda a, line, y, v: v * 1000 if a == "NY" else None, "18 figures of area NY are typic"),
        (
            lambda a, line, y, v: v * 1000 if y == 2019 else None,
            "36 figures of period 2019 are typ",
        ),
        (lambda *_: None, None),
    ],
)
def test_another_unit_in_a_part_of_the_table_is_reported(change, told, judge, observe, before):
    result = judge("suspect_patterns", observe(cube(change)), before)
    assert result.passed is (told is None)
    if told:
        assert result.message.startswith(told)
        assert "ally 1000 times their previous values; check" in result.message
        assert len(result.cells) == 1


def test_thousands_that_become_millions_are_reported(judge, observe, before):
    current = observe(cube(lambda a, line, y, v: f"{v / 1000:.3f}"))
    result = judge("suspect_patterns", current, before)
    assert (
        "108 figures of the table are typically 0.001 times their previous values" in result.message
    )


def test_a_strong_revision_is_not_reported(judge, observe, before):
    assert judge("suspect_patterns", observe(cube(factor=3)), before).passed


def test_a_period_that_repeats_the_one_before_is_reported_once(judge, observe, before):
    def stale(area, line, year, value):
        return value - 1 if year == 2020 else None

    for previous in (None, before):
        result = judge("suspect_patterns", observe(cube(stale)), previous)
        assert result.message == (
            "all 36 figures of period 2020 equal those of the previous period; check whether "
            "wrong units, columns or a placeholder were published by mistake"
        )
    assert judge(
        "suspect_patterns", observe(cube(stale)), observe(cube(stale), released=EARLIER)
    ).passed


def test_a_period_of_one_line_that_repeats_the_one_before_is_reported(judge, observe):
    current = observe(cube(lambda a, line, y, v: v - 1 if (line, y) == (5, 2019) else None))
    result = judge("suspect_patterns", current)
    assert result.cells == (
        {"pattern": "copied", "category": "5", "time_period": "2019", "figures": 6},
    )


def test_a_constant_is_not_reported_as_a_copy(judge, observe):
    """The price parity of the US is 100 in every year."""
    assert judge("suspect_patterns", observe(cube(lambda a, *_: 100 if a == "US" else None))).passed


def test_a_few_equal_figures_pass(judge, observe):
    assert judge("suspect_patterns", observe("US 1 2019 0\nUS 2 2019 0\nUS 1 2020 0")).passed
