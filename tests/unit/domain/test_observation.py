"""Sealing: whatever a normalizer returned becomes the one shape of Silver, or is refused."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.domain.dataset import Area, Category, Dataset
from statpipe.domain.errors import ContentError
from statpipe.domain.observation import (
    COLUMNS,
    REQUIRED,
    content_hash,
    duplicate_key,
    figures_hash,
    observations_from_rows,
    seal,
    silver_schema,
    with_vintage,
)

PLAIN = Dataset(name="T", title="t", normalizer="n")
CODED = Dataset(
    name="T",
    title="t",
    normalizer="n",
    areas=(Area(code="CA", name="California", level="state", geo_fips="06000", parent="US"),),
    categories=(
        Category(code="T:1", name="All", unit_measure="Dollars", unit_mult=6),
        Category(code="T:2", name="Less: some", unit_measure="Dollars", parent="T:1", sign=-1),
    ),
)


def row(area="CA", category="T:1", period="2020", value="1.5", **more):
    return {
        "ref_area": area,
        "category": category,
        "time_period": period,
        "obs_value": value,
        **more,
    }


def sealed(*rows, dataset=PLAIN, vintage="2020-01-01"):
    return seal(observations_from_rows(rows), dataset, vintage)


def test_silver_has_every_column_with_its_description():
    table = sealed(row())
    assert table.schema.names == [column.name for column in COLUMNS]
    for column in COLUMNS:
        assert (
            table.schema.field(column.name).metadata[b"description"] == column.description.encode()
        )


def test_code_lists_describe_areas_and_categories():
    (found,) = sealed(row(category="T:2"), dataset=CODED).to_pylist()
    assert found["geo_fips"] == "06000"
    assert found["geo_name"] == "California"
    assert (found["parent_category"], found["sign"], found["unit_mult"]) == ("T:1", -1, 0)
    assert found["period_start"] == date(2020, 1, 1)
    assert (found["dataset"], found["vintage"]) == ("T", "2020-01-01")


def test_what_a_normalizer_says_itself_stands():
    (found,) = sealed(row(geo_name="Kalifornien", obs_status="E"), dataset=CODED).to_pylist()
    assert (found["geo_name"], found["obs_status"]) == ("Kalifornien", "E")


@pytest.mark.parametrize(
    "text", ["0.1", "1852976.3", "-0.00000001", "99999999999999999999.99999999"]
)
def test_a_figure_is_kept_to_its_last_digit(text):
    assert sealed(row(value=text))["obs_value"][0].as_py() == Decimal(text)


def test_rows_come_in_the_order_of_their_keys_numbers_as_numbers():
    table = sealed(row(category="T:10"), row(category="T:9"), row(area="AL"))
    assert [r["category"] for r in table.to_pylist()] == ["T:1", "T:9", "T:10"]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (
            [row(), row(value="2")],
            "two observations for ref_area CA, category T:1, time_period 2020: 1.5",
        ),
        ([row(area=None)], "1 of 1 rows have no ref_area"),
        ([row(value=None)], "no figure for ref_area CA, category T:1, time_period 2020"),
        ([row(period="20x0")], "time_period '20x0' is no period of frequency A"),
        ([row(surprise="x")], "has unknown columns surprise"),
    ],
)
def test_what_cannot_be_silver_is_refused_with_its_place(rows, text):
    with pytest.raises(ContentError) as caught:
        sealed(*rows)
    assert text in str(caught.value)
    assert "dataset T" in str(caught.value)


def test_a_missing_column_is_named():
    table = observations_from_rows([row()]).drop_columns(["obs_value"])
    with pytest.raises(ContentError, match="lacks obs_value"):
        seal(table, PLAIN, "v")


@pytest.mark.parametrize(("column", "code"), [("ref_area", "XX"), ("category", "T:9")])
def test_a_code_that_the_code_list_lacks_is_refused(column, code):
    with pytest.raises(ContentError, match=f"{column} '{code}' is not in the dataset's code list"):
        sealed(row(**{"area" if column == "ref_area" else column: code}), dataset=CODED)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5, "binary float"),
        ("x", "no decimal number"),
        ("NaN", "no finite"),
        ("1.123456789", "8 decimal"),
    ],
)
def test_rows_take_only_exact_figures(value, text):
    with pytest.raises(ContentError, match=text):
        observations_from_rows([row(value=value)])


def test_a_dimension_of_the_dataset_belongs_to_the_key():
    dataset = Dataset(name="T", title="t", normalizer="n", dimensions=("sex",))
    table = sealed(row(sex="F"), row(sex="M", value="2"), dataset=dataset)
    assert table.schema == silver_schema(("sex",))
    assert table["obs_value"].to_pylist() == [Decimal("1.5"), Decimal(2)]


def test_an_empty_table_seals_and_hashes():
    empty = pa.table(
        {name: pa.array([], pa.string()) for name in REQUIRED[:3]}
        | {"obs_value": pa.array([], pa.decimal128(10, 1))}
    )
    assert len(content_hash(seal(empty, PLAIN, "v"))) == 64


def test_another_vintage_changes_the_content_but_not_the_figures():
    one = sealed(row())
    other = with_vintage(one, "2021-01-01")
    assert set(other["vintage"].to_pylist()) == {"2021-01-01"}
    assert figures_hash(one) == figures_hash(other)
    assert content_hash(one) != content_hash(other)


def test_what_stands_under_a_null_does_not_count():
    """The slot of a null may hold anything: equal figures must hash alike all the same."""
    kind = pa.decimal128(28, 8)
    masked = pa.array([Decimal(7), Decimal(1)], kind)
    under = pa.Array.from_buffers(kind, 2, [pa.py_buffer(b"\x02"), masked.buffers()[1]])
    clean = pa.array([None, Decimal(1)], kind)
    keys = {"ref_area": ["CA", "CA"], "category": ["T:1", "T:2"], "time_period": ["2020", "2020"]}
    tables = [
        seal(pa.table({**keys, "obs_value": values, "obs_status": ["O", "A"]}), PLAIN, "v")
        for values in (under, clean)
    ]
    assert tables[0].equals(tables[1])
    assert content_hash(tables[0]) == content_hash(tables[1])


cells = st.dictionaries(
    st.tuples(
        st.sampled_from(["AL", "CA"]),
        st.sampled_from(["T:1", "T:2", "T:10"]),
        st.sampled_from(["2019", "2020"]),
    ),
    st.one_of(st.none(), st.decimals(-999, 999, places=2)),
    min_size=1,
)


def rows_of(table):
    return [
        row(*key, None if value is None else str(value), obs_status="O" if value is None else "A")
        for key, value in table.items()
    ]


@settings(deadline=None, max_examples=60)
@given(table=cells, seed=st.randoms(use_true_random=False), cut=st.integers(0, 12))
def test_order_and_chunks_of_rows_never_matter(table, seed, cut):
    shuffled = rows_of(table)
    seed.shuffle(shuffled)
    chunks = [part for part in (shuffled[:cut], shuffled[cut:]) if part]
    parts = [observations_from_rows(part) for part in chunks]
    one, other = sealed(*rows_of(table)), seal(pa.concat_tables(parts), PLAIN, "2020-01-01")
    assert one.equals(other)
    assert content_hash(one) == content_hash(other)


@settings(deadline=None, max_examples=60)
@given(one=cells, other=cells)
def test_hashes_are_equal_just_where_figures_are(one, other):
    first, second = sealed(*rows_of(one)), sealed(*rows_of(other))
    assert (figures_hash(first) == figures_hash(second)) == (one == other)


@settings(deadline=None, max_examples=40)
@given(table=cells, place=st.integers(0, 11))
def test_a_row_that_stands_twice_is_found_wherever_it_stands(table, place):
    rows = rows_of(table)
    rows.insert(place % (len(rows) + 1), rows[0])
    first, second = duplicate_key(observations_from_rows(rows), PLAIN)
    assert first < second
    assert rows[first] == rows[second]
