"""Several series, a line each: first and last figure, and the way between them."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from statpipe.api import Column, Model
from statpipe.cli import series
from statpipe.cli.series import People

COLUMNS = ("ref_area", "category", "freq", "time_period")


def model(*, grain=("ref_area", "category", "time_period"), measure="value"):
    return Model(
        name="harvest",
        title="Harvest",
        inputs=("tea",),
        grain=grain,
        columns=(
            *(Column(name=name, type="text", description=name) for name in COLUMNS),
            Column(name="new_vintage", type="text", description="vintage"),
            Column(name="value", type="decimal", description="value"),
            Column(name="old_value", type="decimal", description="value before"),
        ),
        sql="SELECT 1",
        measure=measure,
    )


def shown(capsys, rows, **of):
    table = pa.Table.from_pylist(
        [
            {
                **dict(zip(COLUMNS, keys, strict=True)),
                "new_vintage": str(date(2024, 1, 1)),
                "value": Decimal(value),
                "old_value": Decimal(1),
            }
            for *keys, value in rows
        ]
    )
    People(model=model(**of), table=table, limit=50).show()
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_each_frequency_has_its_own_first_and_last_period(capsys):
    found = shown(
        capsys,
        [
            ("AS", "Y:1", "A", "2023", 7),
            ("AS", "Y:1", "A", "2024", 8),
            ("AS", "Q:1", "Q", "2023-Q4", 2),
            ("AS", "Q:1", "Q", "2024-Q1", 3),
        ],
    )
    assert found[-6:] == [
        "",
        "category value 2023 value 2024 2023 to 2024",
        "Y:1 7 8 ▁█",
        "",
        "category value 2023-Q4 value 2024-Q1 2023-Q4 to 2024-Q1",
        "Q:1 2 3 ▁█",
    ]


def test_changes_are_shown_row_by_row(capsys):
    found = shown(
        capsys,
        [
            ("AS", "Y:1", "A", "2023", 7),
            ("AS", "Y:1", "A", "2024", 8),
            ("AS", "Y:2", "A", "2023", 9),
        ],
        grain=("ref_area", "category", "time_period", "new_vintage"),
    )
    assert found[-3:] == ["Y:1 2023 7", "Y:1 2024 8", "Y:2 2023 9"]


@pytest.mark.parametrize("measure", ["value", None])
def test_a_single_figure_is_shown_as_a_row(capsys, measure):
    assert "2023 7 1" in shown(capsys, [("AS", "Y:1", "A", "2023", 7)], measure=measure)


def test_a_lake_without_a_newer_column_is_shown_without_it(capsys):
    table = pa.table({"ref_area": ["AS", "AS"], "time_period": ["2023", "2024"], "value": [1, 2]})
    People(model=model(), table=table, limit=50).show()
    assert "2024" in capsys.readouterr().out


def test_a_model_without_rows_says_so(capsys):
    assert shown(capsys, []) == ["Harvest", "no rows"]


def test_one_series_is_a_chart_on_a_large_terminal_and_blocks_elsewhere(capsys, monkeypatch):
    rows = [("CA", "Y:1", "A", str(2020 + year), year * year) for year in range(5)]
    assert any("▁" in line for line in shown(capsys, rows))
    monkeypatch.setattr(series, "is_terminal", lambda: True)
    monkeypatch.setattr(series, "width", lambda: 60)
    drawn = shown(capsys, rows)
    chart = [line for line in drawn if any(0x2801 <= ord(sign) <= 0x28FF for sign in line)]
    assert len(chart) == 8
    assert chart[0].startswith("16 ")
    assert chart[-1].startswith("0 ")
    assert drawn[-1] == "min 0 (2020), max 16 (2024)"
