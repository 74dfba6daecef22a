"""Sealing: whatever a normalizer returned becomes the one shape of Silver, or is refused."""

import hashlib
import json
import struct
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
    FIGURES,
    REQUIRED,
    canonical,
    content_hash,
    duplicate_key,
    encoded,
    figures_hash,
    in_key_order,
    looked_up,
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
        ([row(), row(period="2021", surprise="x")], "has unknown columns surprise"),
        ([row(), row(period="2021", category=None)], "1 of 2 rows have no category"),
        ([row(value=None, obs_status=None)], "1 of 1 rows have no obs_status"),
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
        ("Infinity", "no finite"),
        ("1.123456789", "8 decimal"),
        ("1,5", "no decimal number"),
        (True, "no decimal number"),
        ("9" * 21, "more than 20 digits before the point"),
        ("-1e20", "more than 20 digits before the point"),
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


# --- Periods ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("freq", "text", "start"),
    [
        ("A", "2020", date(2020, 1, 1)),
        ("S", "2020-S2", date(2020, 7, 1)),
        ("Q", "2020-Q3", date(2020, 7, 1)),
        ("M", "2020-05", date(2020, 5, 1)),
    ],
)
def test_a_period_starts_as_the_dataset_s_frequency_says(freq, text, start):
    dataset = Dataset(name="T", title="t", normalizer="n", freq=freq)
    (found,) = sealed(row(period=text), dataset=dataset).to_pylist()
    assert (found["freq"], found["time_period"], found["period_start"]) == (freq, text, start)


def test_a_period_of_another_frequency_is_refused():
    with pytest.raises(ContentError, match="dataset T: time_period '2020-Q1' is no period of"):
        sealed(row(period="2020-Q1"))


# --- What normalizers bring --------------------------------------------------------------------


def columns(**changed):
    """A normalizer's columns, two rows of them."""
    return {
        "ref_area": pa.array(["CA", "CA"]),
        "category": pa.array(["T:1", "T:2"]),
        "time_period": pa.array(["2020", "2020"]),
        "obs_value": pa.array([Decimal("1.5"), Decimal(2)]),
        **changed,
    }


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64()], ids=str)
def test_a_column_of_binary_floats_is_refused(kind):
    table = pa.table(columns(obs_value=pa.array([1.5, 2.0]).cast(kind)))
    with pytest.raises(ContentError, match="which cannot hold a published figure exactly"):
        seal(table, PLAIN, "v")


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["1.50", "2"]),
        pa.array(["1.5", "2.0"]).dictionary_encode(),
        pa.array([Decimal("1.5"), Decimal(2)], pa.decimal128(5, 1)),
        pa.array([Decimal("1.5"), Decimal(2)], pa.decimal256(50, 8)),
        pa.chunked_array([[Decimal("1.5")], [], [Decimal("2.0")]], pa.decimal128(9, 3)),
    ],
    ids=lambda values: str(values.type),
)
def test_figures_may_come_in_any_exact_type(values):
    made = seal(pa.table(columns(obs_value=values)), PLAIN, "v")
    assert made.equals(seal(pa.table(columns()), PLAIN, "v"))


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"obs_value": ["1.5", "n/a"]}, "column obs_value is string, not decimal128"),
        ({"obs_value": ["1.5", "1.123456789"]}, "column obs_value is string, not decimal128"),
        ({"obs_value": pa.array([10**21, 1], pa.decimal256(40, 0))}, "column obs_value is"),
        ({"sign": [1000, 1]}, "column sign is int64, not int8"),
        ({"notes": [["a"], ["b"]]}, "column notes is list"),
        ({"notes": [b"\xff", b"x"]}, "column notes is binary"),
    ],
)
def test_a_column_of_the_wrong_type_is_named_with_both_types(changed, text):
    with pytest.raises(ContentError) as caught:
        seal(pa.table(columns(**changed)), PLAIN, "v")
    assert str(caught.value).startswith(f"dataset T: {text}")


def test_a_column_that_stands_twice_is_named():
    arrays = columns()
    names = [*arrays, "ref_area"]
    table = pa.Table.from_arrays([*arrays.values(), arrays["ref_area"]], names=names)
    with pytest.raises(ContentError, match="the normalizer's table has twice ref_area"):
        seal(table, PLAIN, "v")


@pytest.mark.parametrize("more", [{"sign": 1000}, {"ref_area": 6}, {"period_start": "2020-01-01"}])
def test_a_row_with_a_value_of_the_wrong_type_names_its_column(more):
    (name,) = more
    with pytest.raises(ContentError, match=f"column {name} holds something else than"):
        observations_from_rows([row() | more])


def test_a_column_may_begin_in_any_row():
    dataset = Dataset(name="T", title="t", normalizer="n", dimensions=("sex",))
    with pytest.raises(ContentError, match="1 of 2 rows have no sex"):
        sealed(row(), row(sex="F"), dataset=dataset)
    notes = sealed(row(), row(period="2021", notes="revised"))["notes"].to_pylist()
    assert notes == [None, "revised"]


def test_codes_that_a_filter_left_in_the_dictionary_do_not_count():
    """A normalizer that drops the rows of an unknown area keeps its code in the dictionary."""
    areas = pa.array(["CA", "Moon"]).dictionary_encode()
    periods = pa.array(["2020", "never"]).dictionary_encode()
    table = pa.table(columns(ref_area=areas, time_period=periods)).slice(0, 1)
    made = seal(table, CODED, "v")
    assert made["ref_area"].chunk(0).dictionary.to_pylist() == ["CA"]
    assert made["period_start"].to_pylist() == [date(2020, 1, 1)]


def test_no_rows_are_an_empty_silver_table():
    made = sealed()
    assert made.num_rows == 0
    assert made.schema == silver_schema()


def test_what_the_agency_cannot_know_is_ours_to_say():
    """A normalizer names neither the dataset nor the vintage: the engine does."""
    (found,) = sealed(row(vintage="mine", dataset="mine"), vintage="2020-01-01").to_pylist()
    assert (found["dataset"], found["vintage"]) == ("T", "2020-01-01")


@pytest.mark.parametrize("codes", [("01", "1"), ("1", "001", "01"), ("a²", "²", "2"), ("٣", "3")])
def test_codes_that_read_as_the_same_number_have_one_order_all_the_same(codes):
    rows = [row(category=code, value=str(n)) for n, code in enumerate(codes)]
    assert content_hash(sealed(*rows)) == content_hash(sealed(*reversed(rows)))


# --- Against an oracle -------------------------------------------------------------------------

ORACLE = Dataset(
    name="T",
    title="t",
    normalizer="n",
    areas=tuple(
        Area(code=code, name=code.lower(), level="state", geo_fips=code[::-1])
        for code in ("AL", "CA")
    ),
    categories=tuple(
        Category(code=code, name=code, unit_measure="Dollars", sign=sign)
        for code, sign in (("T:2", 1), ("T:10", -1))
    ),
)

drawn_rows = st.lists(
    st.builds(
        row,
        area=st.sampled_from(["AL", "CA"] * 6 + ["XX", None]),
        category=st.sampled_from(["T:2", "T:10"] * 6 + ["T:3", None]),
        period=st.sampled_from(["2019", "2020"] * 6 + ["20x0", None]),
        value=st.sampled_from(["1.5", "-0.00000001", None]),
        obs_status=st.sampled_from(["A", "O"]),
        source_symbol=st.sampled_from([None, "(D)"]),
    ),
    max_size=6,
)


def faults_in(rows):
    """What is wrong with rows, in the words of the message."""
    for each in rows:
        if each["ref_area"] == "XX":
            yield "ref_area 'XX' is not in the dataset's code list of 2"
        if each["category"] == "T:3":
            yield "category 'T:3' is not in the dataset's code list of 2"
        if each["time_period"] == "20x0":
            yield "time_period '20x0' is no period of frequency A"
        for name in ("ref_area", "category", "time_period"):
            if each[name] is None:
                # What describes the area, category or period has no value then, either.
                yield f"of {len(rows)} rows have no "
        if each["obs_value"] is None and each["obs_status"] == "A":
            yield "and no obs_status that says why"
    keys = [(each["ref_area"], each["category"], each["time_period"]) for each in rows]
    if len(set(keys)) < len(keys):
        yield "two observations for ref_area"


@settings(deadline=None, max_examples=300)
@given(rows=drawn_rows)
def test_sealing_sorts_and_describes_or_refuses_just_as_reading_row_by_row_would(rows):
    faults = list(faults_in(rows))
    if faults:
        with pytest.raises(ContentError) as caught:
            sealed(*rows, dataset=ORACLE)
        assert any(fault in str(caught.value) for fault in faults)
        return
    found = sealed(*rows, dataset=ORACLE).to_pylist()
    wanted = sorted(
        rows,
        key=lambda r: (r["ref_area"], int(r["category"].removeprefix("T:")), r["time_period"]),
    )
    assert len(found) == len(wanted)
    for was, now in zip(wanted, found, strict=True):
        assert {name: now[name] for name in was} == {
            **was,
            "obs_value": None if was["obs_value"] is None else Decimal(was["obs_value"]),
        }
        assert now["geo_fips"] == was["ref_area"][::-1]
        assert now["geo_name"] == was["ref_area"].lower()
        assert now["sign"] == (1 if was["category"] == "T:2" else -1)
        assert now["period_start"] == date(int(was["time_period"]), 1, 1)


def as_drawn(draw, texts):
    """The same texts in another of Arrow's encodings."""
    kind = draw(st.sampled_from(["plain", "large", "coded", "small codes", "odd dictionary"]))
    plain = pa.array(texts, pa.string())
    if kind == "plain":
        return plain
    if kind == "large":
        return plain.cast(pa.large_string())
    if kind == "coded":
        return plain.dictionary_encode()
    extra = ["Moon"] if kind == "odd dictionary" else []
    values = draw(st.permutations(sorted({t for t in texts if t is not None}) + extra))
    if kind == "odd dictionary":
        values = values + values[:1]  # a value that stands twice
    places = [None if t is None else len(values) - 1 - values[::-1].index(t) for t in texts]
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int8()), pa.array(values))


@st.composite
def encodings(draw):
    """Rows, and a table of them in whatever order, chunks, slices and dictionaries."""
    rows = rows_of(draw(cells))
    shuffled = draw(st.permutations(rows))
    cut = draw(st.integers(0, len(rows)))
    parts = []
    for part in (shuffled[:cut], shuffled[cut:]):
        # Rows that are sliced off again: what lies before a slice must not count either.
        padded = [row("CA", "T:1", "2018", obs_status="A")] * draw(st.integers(0, 2)) + part
        if padded:
            texts = ("ref_area", "category", "time_period", "obs_status")
            arrays = {name: as_drawn(draw, [each[name] for each in padded]) for name in texts}
            figures = [each["obs_value"] for each in padded]
            arrays["obs_value"] = pa.array(figures, pa.string()).cast(pa.decimal128(20, 4))
            parts.append(pa.table(arrays).slice(len(padded) - len(part)))
    return rows, parts


@settings(deadline=None, max_examples=100)
@given(drawn=encodings())
def test_how_arrow_encodes_the_texts_never_matters(drawn):
    rows, parts = drawn
    wanted = sealed(*rows)
    kind = parts[0].schema
    table = pa.concat_tables([part.cast(kind) for part in parts])
    found = seal(table, PLAIN, "2020-01-01")
    assert found.equals(wanted)
    assert content_hash(found) == content_hash(wanted)
    assert figures_hash(found) == figures_hash(wanted)


# --- Hashes ------------------------------------------------------------------------------------


def test_the_hash_of_a_table_is_the_same_for_ever():
    """Another hash would make every vintage look revised: it must not change by accident."""
    table = sealed(
        row(notes="footnote", obs_status="A"),
        row(category="T:2", value=None, obs_status="Q", source_symbol="(D)"),
        row(period="2021", value="-0.00000001", obs_status="E"),
        dataset=CODED,
    )
    assert figures_hash(table) == "96f8087f182760bd9f1058a812830dacdddb1c0b906afd494142990904d210b5"
    assert content_hash(table) == "ed43f618a1b78cd47095026ecbeb8be646501d9ace3618f355047436722e7e20"


def test_the_hash_is_over_what_its_documentation_says():
    """The same hash, written down byte by byte."""
    missing = row(category="T:2", value=None, obs_status="O")
    made = sealed(row(value="2", obs_status="A"), missing)
    digest = hashlib.sha256()
    digest.update(b"category:dictionary<values=string, indices=int32, ordered=0>:2;")
    digest.update(json.dumps(["T:1", "T:2"]).encode())
    digest.update(b"\1\1" + struct.pack("<2i", 0, 1))
    digest.update(b"obs_value:decimal128(28, 8):2;")
    digest.update(b"\1\0" + (2 * 10**8).to_bytes(16, "little") + bytes(16))
    assert content_hash(made, ["category", "obs_value"]) == digest.hexdigest()


@pytest.mark.parametrize("column", ["ref_area", "category", "time_period", "obs_value"])
def test_any_figure_or_key_that_changes_changes_the_figures_hash(column):
    changed = {"ref_area": "NY", "category": "T:3", "time_period": "2021", "obs_value": "1.6"}
    assert column in FIGURES
    other = row() | {column: changed[column]}
    assert figures_hash(sealed(row())) != figures_hash(sealed(other))


def test_a_status_or_symbol_that_changes_is_a_revision_and_a_note_or_name_is_none():
    plain = sealed(row())
    for revised in ({"obs_status": "E"}, {"source_symbol": "(L)"}):
        assert figures_hash(sealed(row(**revised))) != figures_hash(plain)
    for corrected in ({"notes": "n"}, {"geo_name": "California"}, {"parent_category": "T:0"}):
        other = sealed(row(**corrected))
        assert figures_hash(other) == figures_hash(plain)
        assert content_hash(other) != content_hash(plain)


def test_a_slice_hashes_as_the_table_of_its_rows():
    missing = row(category="T:2", value=None, obs_status="O")
    rows = [row(obs_status="A"), missing, row(category="T:3", obs_status="A")]
    rest = canonical(sealed(*rows).slice(1))
    assert content_hash(rest) == content_hash(sealed(*rows[1:]))


# --- Dictionaries ------------------------------------------------------------------------------


@settings(deadline=None)
@given(drawn=encodings())
def test_a_canonical_table_has_one_chunk_and_lists_just_the_used_codes_in_text_order(drawn):
    _, parts = drawn
    table = pa.table({"ref_area": parts[0]["ref_area"].cast(pa.string()).dictionary_encode()})
    made = canonical(pa.concat_tables([table, table.slice(len(table) // 2)]))
    column = made["ref_area"]
    assert column.num_chunks == 1
    texts = column.to_pylist()
    assert column.chunk(0).dictionary.to_pylist() == sorted(set(texts))
    assert canonical(made).equals(made)


texts = st.lists(st.one_of(st.none(), st.sampled_from(["a", "b", ""])), max_size=6)


@settings(deadline=None)
@given(data=st.data(), values=texts)
def test_encoding_keeps_every_text_and_every_null(data, values):
    made = encoded(as_drawn(data.draw, values))
    assert made.to_pylist() == values
    assert made.type == pa.dictionary(pa.int32(), pa.string())
    assert made.dictionary.null_count == 0


def test_a_null_among_the_values_of_a_dictionary_is_a_null():
    odd = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["a", None]))
    made = encoded(odd)
    assert made.to_pylist() == ["a", None, None]
    assert made.null_count == 2


@settings(deadline=None)
@given(
    values=texts,
    names=st.fixed_dictionaries(dict.fromkeys(["a", "b", ""], st.sampled_from([None, "x", "y"]))),
)
def test_looking_up_a_column_equals_looking_up_each_row(values, names):
    codes = encoded(pa.array(values, pa.string()))
    made = looked_up(codes, [names[text] for text in codes.dictionary.to_pylist()])
    assert made.to_pylist() == [None if text is None else names[text] for text in values]


@settings(deadline=None)
@given(
    rows=st.lists(
        st.builds(
            row,
            area=st.sampled_from(["AL", "CA"]),
            category=st.sampled_from(["T:1", "T:2", "T:10", "U:1"]),
            period=st.sampled_from(["2019", "2020"]),
        )
    )
)
def test_key_order_counts_numbers_as_numbers_and_duplicates_are_found_where_there_are_any(rows):
    table = observations_from_rows(rows)
    keys = [(r["ref_area"], r["category"], r["time_period"]) for r in rows]
    found = in_key_order(table, PLAIN).select(list(REQUIRED[:3])).to_pylist()
    rank = {"T:1": 0, "T:2": 1, "T:10": 2, "U:1": 3}
    assert [tuple(r.values()) for r in found] == sorted(
        keys, key=lambda key: (key[0], rank[key[1]], key[2])
    )
    twice = duplicate_key(table, PLAIN)
    assert (twice is None) == (len(set(keys)) == len(keys))
    if twice:
        first, second = twice
        assert first < second
        assert keys[first] == keys[second]
