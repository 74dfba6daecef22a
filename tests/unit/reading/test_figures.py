"""Figures in the form that an analyst works with."""

import sys
from decimal import Decimal

import pyarrow as pa
import pytest

from statpipe.api import ConfigError
from statpipe.engine.answers.wide import wide
from statpipe.reading.figures import Figures, with_floats

TABLE = pa.table({"value": pa.array([Decimal("1833872.8"), None], pa.decimal128(38, 18))})


@pytest.mark.parametrize(("library", "method"), [("pandas", "to_pandas"), ("polars", "to_polars")])
def test_a_missing_library_is_named_with_a_remedy(monkeypatch, library, method):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigError) as raised:
        getattr(Figures("tea", TABLE), method)()
    assert str(raised.value) == (
        f"{library} is not installed; run `pip install {library}`, or use the Arrow table: `.table`"
    )


@pytest.mark.parametrize(("library", "method"), [("pandas", "to_pandas"), ("polars", "to_polars")])
def test_a_broken_library_raises_its_own_error(monkeypatch, tmp_path, library, method):
    (tmp_path / f"{library}.py").write_text("import no_such_module_here")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, library, raising=False)
    with pytest.raises(ImportError, match="no_such_module_here"):
        getattr(Figures("tea", TABLE), method)()


def test_a_pivoted_table_keeps_printed_decimal_places():
    rows = [{"time_period": "2018", "vintage": "2020-10-08", "value": Decimal("1852976.30")}]
    turned = wide(rows, index=("time_period",), across=("vintage",), measure="value")
    (row,) = Figures("tea", turned.table(), turned=turned).to_pylist()
    assert (row["time_period"], str(row["2020-10-08"])) == ("2018", "1852976.30")


def test_floats_are_the_nearest_doubles_and_missing_values_stay_missing():
    figures = [Decimal(number).scaleb(-6) for number in range(771_000, 773_000)]
    exactly = pa.table({"value": pa.array([*figures, None], pa.decimal128(38, 18))})
    assert with_floats(exactly)["value"].to_pylist() == [*map(float, figures), None]
