"""What a database is asked, and what is made of its answer."""

from decimal import Decimal

import pyarrow as pa
import pytest

from statpipe.api import Column, ConfigError, Model
from statpipe.api.database import Rows
from statpipe.engine.answers.from_database import rows_in_database
from statpipe.engine.answers.rows import NoRows
from statpipe.engine.answers.words import ARGUMENTS

COLUMNS = {"ref_area": "text", "area_name": "text", "time_period": "text", "year": "integer", "value": "decimal"}  # fmt: skip
MODEL = Model(
    name="tea",
    title="Tea",
    inputs=("tea_prices",),
    grain=("ref_area", "time_period"),
    columns=tuple(Column(name=n, type=t, description=n) for n, t in COLUMNS.items()),  # type: ignore[arg-type]
    sql="",
)
CALIFORNIA = ("CA", "California", "2019", 2019, Decimal("1.50"))


class Answers:
    """A database that notes what it is asked, and answers in turn."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def query(self, sql):
        self.asked.append(sql)
        return Rows(tuple(COLUMNS), self.answers.pop(0))


def read(database, wanted, day=None):
    return rows_in_database(database, MODEL, wanted, day, ARGUMENTS)


def test_filters_are_part_of_the_query_in_grain_order():
    database = Answers([CALIFORNIA])
    table = read(database, {"ref_area": ("CA",), "year": ("2019",), "time_period": ("2018:2020",)})
    (sql,) = database.asked
    assert """WHERE (("ref_area" IN ('CA'))) AND ((CAST("year" AS text) IN ('2019')))""" in sql
    assert (
        """("time_period" COLLATE "C" >= '2018' AND "time_period" COLLATE "C" <= '2020~')""" in sql
    )
    assert sql.endswith('ORDER BY "ref_area" COLLATE "C", "time_period" COLLATE "C"')
    assert table["value"].to_pylist() == [Decimal("1.5")]
    assert table.schema.field("value").type == pa.decimal128(38, 18)
    assert table.schema.field("value").metadata == {b"description": b"value"}


def test_a_value_cannot_escape_its_quotes():
    database = Answers([], [("CA", "California")])
    with pytest.raises(NoRows):
        read(database, {"ref_area": ("' OR ''='",)})
    assert """IN (''' OR ''''=''')""" in database.asked[0]


def test_an_unknown_value_is_reported_with_the_nearest_one():
    database = Answers([], [("CA", "California"), ("US", "United States")])
    with pytest.raises(NoRows, match="did you mean 'CA' \\(California\\)"):
        read(database, {"ref_area": ("CAX",)})
    assert database.asked[1] == 'SELECT DISTINCT "ref_area", "area_name" FROM "tea"'


def test_an_empty_result_has_columns():
    assert read(Answers([]), {}).column_names == list(COLUMNS)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"area": ("CA",)}, "model tea has no column area"),
        ({"value": ("1",)}, "cannot be chosen by value, a decimal"),
        ({"time_period": ("2021:2019",)}, 'use period="2019:2021"'),
        ({"ref_area": ("C\0A",)}, "contains the character NUL"),
    ],
)
def test_invalid_filters_are_refused_before_the_query(wanted, says):
    database = Answers()
    with pytest.raises(ConfigError) as raised:
        read(database, wanted)
    assert says in str(raised.value)
    assert database.asked == []
