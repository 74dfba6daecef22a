"""Sealing: a normalizer's table gets the form of Silver, or is refused."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.domain.canonical import content_hash, figures_hash
from statpipe.domain.dataset import Area, Category, Dataset
from statpipe.domain.dimension import Code, Dimension
from statpipe.domain.errors import ContentError
from statpipe.domain.observation import REQUIRED, observations_from_rows, silver_schema
from statpipe.domain.seal import duplicate_key, in_key_order, seal
from support.observations import CODED, PLAIN, cells, encodings, row, rows_of, sealed


def test_code_lists_describe_areas_and_categories():
    (found,) = sealed(row(category="T:2"), dataset=CODED).to_pylist()
    assert found["geo_fips"] == "06000"
    assert found["geo_name"] == "California"
    assert (found["parent_category"], found["sign"], found["unit_mult"]) == ("T:1", -1, 0)
    assert found["period_start"] == date(2020, 1, 1)
    assert (found["dataset"], found["vintage"]) == ("T", "2020-01-01")


def test_descriptions_from_the_normalizer_take_precedence():
    (found,) = sealed(row(geo_name="Kalifornien", obs_status="E"), dataset=CODED).to_pylist()
    assert (found["geo_name"], found["obs_status"]) == ("Kalifornien", "E")


@pytest.mark.parametrize(
    "text", ["0.1", "1852976.3", "-0.00000001", "99999999999999999999.99999999"]
)
def test_figures_keep_every_digit(text):
    assert sealed(row(value=text))["obs_value"][0].as_py() == Decimal(text)


def test_rows_are_sorted_by_key_with_numbers_in_numeric_order():
    table = sealed(row(category="T:10"), row(category="T:9"), row(area="AL"))
    assert [r["category"] for r in table.to_pylist()] == ["T:1", "T:9", "T:10"]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (
            [row(), row(value="2")],
            "two observations for ref_area CA, category T:1, freq A, time_period 2020: 1.5",
        ),
        ([row(area=None)], "1 of 1 rows have no ref_area"),
        ([row(value=None)], "no figure for ref_area CA, category T:1, freq A, time_period 2020"),
        ([row(period="20x0")], "time_period '20x0' is not a period of frequency A"),
        ([row(surprise="x")], "has unknown columns surprise"),
        ([row(), row(period="2021", surprise="x")], "has unknown columns surprise"),
        ([row(), row(period="2021", category=None)], "1 of 2 rows have no category"),
        ([row(value=None, obs_status=None)], "1 of 1 rows have no obs_status"),
    ],
)
def test_invalid_tables_are_refused_with_the_place(rows, text):
    with pytest.raises(ContentError) as caught:
        sealed(*rows)
    assert text in str(caught.value)
    assert "dataset T" in str(caught.value)


def test_a_missing_column_is_named():
    table = observations_from_rows([row()]).drop_columns(["obs_value"])
    with pytest.raises(ContentError, match="lacks obs_value"):
        seal(table, PLAIN, "v")


@pytest.mark.parametrize(("column", "code"), [("ref_area", "XX"), ("category", "T:9")])
def test_an_unlisted_code_is_refused(column, code):
    with pytest.raises(ContentError, match=f"{column} '{code}' is not in the dataset's code list"):
        sealed(row(**{"area" if column == "ref_area" else column: code}), dataset=CODED)


SEX = Dimension(
    id="SEX", name="Sex", codes=(Code(code="F", name="women"), Code(code="M", name="men"))
)
AGE = Dimension(id="AGE", name="Age")
CUBE = Dataset(name="T", title="t", normalizer="n", dimensions=(SEX, AGE))


def cell(sex, age, **more):
    return {"sex": sex, "age": age, "time_period": "2020", "obs_value": "1.5", **more}


def test_a_category_joins_the_codes_of_the_dimensions_in_order():
    table = sealed(cell("M", "20"), cell("F", "9"), dataset=CUBE)
    assert table.schema == silver_schema((SEX, AGE))
    wanted = ("category", "category_name", "sex", "sex_name", "age", "age_name")
    assert table.select(wanted).to_pylist() == [
        dict(zip(wanted, ("F.9", "women, 9", "F", "women", "9", "9"), strict=True)),
        dict(zip(wanted, ("M.20", "men, 20", "M", "men", "20", "20"), strict=True)),
    ]


def test_figures_without_an_area_get_the_code_for_no_area():
    (found,) = sealed(cell("M", "20"), dataset=CUBE).to_pylist()
    assert (found["ref_area"], found["geo_name"], found["geo_level"]) == ("_Z", "no area", "none")


def test_the_agencys_own_identifier_is_used_if_there_is_one():
    (found,) = sealed(cell("M", "20", category="LNS14"), dataset=CUBE).to_pylist()
    assert (found["category"], found["sex"], found["age"]) == ("LNS14", "M", "20")


def test_daily_and_business_daily_rows_are_different_figures():
    rows = [
        row(period="2020-01-02", freq=freq, value=value) for freq, value in (("D", "1"), ("B", "2"))
    ]
    table = sealed(*rows)
    assert table["freq"].to_pylist() == ["B", "D"]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (cell("X", "9"), "sex 'X' is not in the code list of SEX, which has 2"),
        (cell(None, "9"), "1 of 1 rows have no SEX"),
        (cell("F", "9.5"), "code '9.5' of AGE is empty or contains a point"),
        (cell("F", ""), "code '' of AGE is empty or contains a point"),
    ],
)
def test_a_code_that_cannot_be_part_of_a_category_is_refused(cell, says):
    with pytest.raises(ContentError) as caught:
        sealed(cell, dataset=CUBE)
    assert says in str(caught.value)


def test_a_dataset_with_areas_needs_the_area_column():
    rows = [{"category": "T:1", "time_period": "2020", "obs_value": "1"}]
    with pytest.raises(ContentError, match="lacks ref_area; it needs ref_area, category"):
        sealed(*rows, dataset=CODED)


def test_an_empty_table_can_be_sealed_and_hashed():
    empty = pa.table(
        {name: pa.array([], pa.string()) for name in REQUIRED[:3]}
        | {"obs_value": pa.array([], pa.decimal128(10, 1))}
    )
    assert len(content_hash(seal(empty, PLAIN, "v"))) == 64


@settings(deadline=None, max_examples=60)
@given(table=cells, seed=st.randoms(use_true_random=False), cut=st.integers(0, 12))
def test_order_and_chunks_of_rows_do_not_matter(table, seed, cut):
    shuffled = rows_of(table)
    seed.shuffle(shuffled)
    chunks = [part for part in (shuffled[:cut], shuffled[cut:]) if part]
    parts = [observations_from_rows(part) for part in chunks]
    one, other = sealed(*rows_of(table)), seal(pa.concat_tables(parts), PLAIN, "2020-01-01")
    assert one.equals(other)
    assert content_hash(one) == content_hash(other)


@settings(deadline=None, max_examples=40)
@given(table=cells, place=st.integers(0, 11))
def test_a_repeated_row_is_found_anywhere(table, place):
    rows = rows_of(table)
    rows.insert(place % (len(rows) + 1), rows[0])
    first, second = duplicate_key(observations_from_rows(rows), PLAIN)
    assert first < second
    assert rows[first] == rows[second]


@pytest.mark.parametrize(
    ("freq", "text", "start"),
    [
        ("A", "2020", date(2020, 1, 1)),
        ("S", "2020-S2", date(2020, 7, 1)),
        ("Q", "2020-Q3", date(2020, 7, 1)),
        ("M", "2020-05", date(2020, 5, 1)),
        ("W", "2020-W53", date(2020, 12, 28)),
        ("D", "2020-02-29", date(2020, 2, 29)),
    ],
)
def test_the_start_of_a_period_follows_the_datasets_frequency(freq, text, start):
    dataset = Dataset(name="T", title="t", normalizer="n", freq=freq)
    (found,) = sealed(row(period=text), dataset=dataset).to_pylist()
    assert (found["freq"], found["time_period"], found["period_start"]) == (freq, text, start)


def test_a_period_of_another_frequency_is_refused():
    with pytest.raises(ContentError, match="dataset T: time_period '2020-Q1' is not a period of"):
        sealed(row(period="2020-Q1"))


def test_common_spellings_of_a_period_become_one():
    dataset = Dataset(name="T", title="t", normalizer="n", freq="M")
    texts = ("2023M01", "2023-M02", "2023-03")
    table = sealed(*(row(period=text) for text in texts), dataset=dataset)
    assert table["time_period"].to_pylist() == ["2023-01", "2023-02", "2023-03"]
    assert table["period_end"].to_pylist()[1:] == [date(2023, 2, 28), date(2023, 3, 31)]
    with pytest.raises(ContentError, match=r"two observations for .*time_period 2023-01"):
        sealed(row(period="2023M01"), row(period="2023-01"), dataset=dataset)


def test_each_row_may_have_its_own_frequency():
    periods = {"A": "2023", "Q": "2023Q1", "W": "2023-W5", "H": "2023-01-31T10:00"}
    rows = sealed(*(row(period=text, freq=freq) for freq, text in periods.items())).to_pylist()
    assert {r["freq"]: (r["time_period"], r["period_start"], r["period_end"]) for r in rows} == {
        "A": ("2023", date(2023, 1, 1), date(2023, 12, 31)),
        "Q": ("2023-Q1", date(2023, 1, 1), date(2023, 3, 31)),
        "W": ("2023-W05", date(2023, 1, 30), date(2023, 2, 5)),
        "H": ("2023-01-31T10:00:00", date(2023, 1, 31), date(2023, 1, 31)),
    }


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (
            [row(freq="A"), row(category="T:2", period="2023-Q1", freq="M")],
            "time_period '2023-Q1' is not a period of frequency M; expected a form such as "
            "2023-01 (row 1 of the normalizer's table: ref_area CA, category T:2); if rows have "
            "other frequencies than the dataset, give them in the column freq",
        ),
        (
            [row(freq="Z")],
            "freq 'Z' is not a frequency; expected one of A, S, T, Q, M, W, D",
        ),
        ([row(), row(category="T:2", freq="A")], "1 of 2 rows have no freq"),
    ],
)
def test_a_period_that_does_not_fit_the_frequency_of_its_row_is_refused(rows, text):
    with pytest.raises(ContentError) as caught:
        sealed(*rows)
    assert str(caught.value).startswith(f"dataset T: {text}")


def test_a_reporting_year_may_begin_in_another_month():
    july = Dataset(name="T", title="t", normalizer="n", freq="Q", reporting_year_start="--07-01")
    (quarter,) = sealed(row(period="2023-Q1"), dataset=july).to_pylist()
    assert quarter["time_period"] == "2023-Q1"
    assert (quarter["period_start"], quarter["period_end"]) == (date(2023, 7, 1), date(2023, 9, 30))
    (month,) = sealed(row(period="2023M01", freq="M"), dataset=july).to_pylist()
    assert (month["time_period"], month["period_start"]) == ("2023-07", date(2023, 7, 1))


def test_a_normalizer_may_give_the_start_of_a_period():
    made = sealed(row(period_start=date(2019, 12, 29))).to_pylist()
    assert made[0]["period_start"] == date(2019, 12, 29)


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
        pa.array(["1.5", "2"]),
        pa.array([" 1.5", "2"]).dictionary_encode(),
        pa.array(["1.5", "2"], pa.large_string()),
        pa.array([Decimal("1.5"), Decimal(2)], pa.decimal128(5, 1)),
        pa.array([Decimal("1.5"), Decimal(2)], pa.decimal256(50, 8)),
        pa.chunked_array([[Decimal("1.5")], [], [Decimal("2.0")]], pa.decimal128(9, 3)),
    ],
    ids=lambda values: str(values.type),
)
def test_figures_may_have_any_exact_type(values):
    made = seal(pa.table(columns(obs_value=values)), PLAIN, "v")
    assert made.equals(seal(pa.table(columns()), PLAIN, "v"))


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        (
            {"obs_value": ["1.5", "n/a"]},
            "figure 'n/a' is not a figure; expected digits with at most one point, or "
            "scientific notation (row 1 of the normalizer's table: ref_area CA, category T:2, "
            "time_period 2020)",
        ),
        (
            {"obs_value": ["1.5", "1e-19"]},
            "figure '1e-19' has 19 decimal places; expected up to 20 digits",
        ),
        ({"decimals": [1, -1]}, "decimals is -1; a figure has 0 to 127 places"),
        ({"decimals": [1, 128]}, "column decimals is int64, not int8"),
        ({"decimals": ["1", "x"]}, "column decimals is string, not int8"),
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


def test_printed_decimal_places_are_kept_with_the_figure():
    texts = pa.array(["14392721.0", "1.5E-07"])
    made = seal(pa.table(columns(obs_value=texts)), PLAIN, "v")
    assert made["decimals"].to_pylist() == [1, 8]
    given = pa.table(columns(decimals=pa.array([3, None])))
    assert seal(given, PLAIN, "v")["decimals"].to_pylist() == [3, None]
    shown = seal(pa.table(columns()), PLAIN, "v")
    assert shown["decimals"].to_pylist() == [1, 0]


@pytest.mark.parametrize("values", [[0.1 + 0.2, 5.0], ["0.30000000000000004", "5.000"]])
def test_an_agency_s_doubles_become_the_shortest_decimals_and_are_marked(values):
    dataset = Dataset(name="T", title="t", normalizer="n", doubles=True)
    made = seal(pa.table(columns(obs_value=pa.array(values))), dataset, "v")
    assert made["obs_value"].to_pylist() == [Decimal("0.30000000000000004"), Decimal(5)]
    assert made["decimals"].to_pylist() == [17, 0]
    mark = made.schema.field("obs_value").metadata[b"doubles"]
    assert mark == b"shortest decimal of the agency's double"
    assert not silver_schema().field("obs_value").metadata.get(b"doubles")
    with pytest.raises(ContentError, match="figure 'nan' is not a number"):
        seal(pa.table(columns(obs_value=["1", "nan"])), dataset, "v")


def test_a_repeated_column_is_named():
    arrays = columns()
    names = [*arrays, "ref_area"]
    table = pa.Table.from_arrays([*arrays.values(), arrays["ref_area"]], names=names)
    with pytest.raises(ContentError, match="the normalizer's table has twice ref_area"):
        seal(table, PLAIN, "v")


def test_unused_codes_in_a_dictionary_are_ignored():
    """A normalizer that drops the rows of an unknown area keeps its code in the dictionary."""
    areas = pa.array(["CA", "Moon"]).dictionary_encode()
    periods = pa.array(["2020", "never"]).dictionary_encode()
    table = pa.table(columns(ref_area=areas, time_period=periods)).slice(0, 1)
    made = seal(table, CODED, "v")
    assert made["ref_area"].chunk(0).dictionary.to_pylist() == ["CA"]
    assert made["period_start"].to_pylist() == [date(2020, 1, 1)]


def test_the_engine_adds_dataset_and_vintage():
    """A normalizer names neither the dataset nor the vintage: the engine does."""
    (found,) = sealed(row(vintage="mine", dataset="mine"), vintage="2020-01-01").to_pylist()
    assert (found["dataset"], found["vintage"]) == ("T", "2020-01-01")


@pytest.mark.parametrize("codes", [("01", "1"), ("1", "001", "01"), ("a²", "²", "2"), ("٣", "3")])
def test_codes_with_the_same_number_have_a_fixed_order(codes):
    rows = [row(category=code, value=str(n)) for n, code in enumerate(codes)]
    assert content_hash(sealed(*rows)) == content_hash(sealed(*reversed(rows)))


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
            yield "time_period '20x0' is not a period of frequency A"
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
def test_sealing_gives_the_same_result_as_an_oracle_row_by_row(rows):
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


@settings(deadline=None, max_examples=100)
@given(drawn=encodings())
def test_arrows_encoding_of_texts_does_not_matter(drawn):
    rows, parts = drawn
    wanted = sealed(*rows)
    kind = parts[0].schema
    table = pa.concat_tables([part.cast(kind) for part in parts])
    found = seal(table, PLAIN, "2020-01-01")
    assert found.equals(wanted)
    assert content_hash(found) == content_hash(wanted)
    assert figures_hash(found) == figures_hash(wanted)


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
def test_key_order_is_numeric_and_duplicates_are_found(rows):
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


def test_an_area_with_the_agencys_code_needs_one_code():
    areas = (Area(code="NOR", name="Northport", level="port"),)
    dataset = Dataset(name="T", title="t", normalizer="n", areas=areas)
    (found,) = sealed(row(area="NOR"), dataset=dataset).to_pylist()
    assert found["geo_fips"] == "NOR"


def test_any_code_is_accepted_without_a_code_list_even_an_empty_one():
    (found,) = sealed(row(area="")).to_pylist()
    assert (found["geo_fips"], found["geo_name"], found["geo_level"]) == ("", "", "area")
