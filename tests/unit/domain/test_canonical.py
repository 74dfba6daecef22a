"""One form for equal tables; hashes are equal just where figures are."""

import hashlib
import json
import struct
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings

from statpipe.domain.canonical import FIGURES, canonical, content_hash, figures_hash
from statpipe.domain.seal import seal, with_vintage
from support.observations import CODED, PLAIN, cells, encodings, row, rows_of, sealed


def test_another_vintage_changes_the_content_hash_but_not_the_figures_hash():
    one = sealed(row())
    other = with_vintage(one, "2021-01-01")
    assert set(other["vintage"].to_pylist()) == {"2021-01-01"}
    assert figures_hash(one) == figures_hash(other)
    assert content_hash(one) != content_hash(other)


def test_values_under_a_null_do_not_change_the_hash():
    """The slot of a null may hold anything: equal figures must still have equal hashes."""
    kind = pa.decimal128(38, 18)
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


@settings(deadline=None, max_examples=60)
@given(one=cells, other=cells)
def test_hashes_are_equal_exactly_if_figures_are(one, other):
    first, second = sealed(*rows_of(one)), sealed(*rows_of(other))
    assert (figures_hash(first) == figures_hash(second)) == (one == other)


def test_the_hash_of_a_table_never_changes():
    """Another hash would make every vintage look revised: it must not change by accident."""
    table = sealed(
        row(notes="footnote", obs_status="A"),
        row(category="T:2", value=None, obs_status="Q", source_symbol="(D)"),
        row(period="2021", value="-0.00000001", obs_status="E"),
        dataset=CODED,
    )
    assert figures_hash(table) == "96f8087f182760bd9f1058a812830dacdddb1c0b906afd494142990904d210b5"
    assert content_hash(table) == "7ea90e1b10aa09031b4f409ee66320a06fbb7172427ebc185701db64f0c1c7f3"


def test_the_hash_is_computed_as_documented():
    """The same hash, written down byte by byte."""
    missing = row(category="T:2", value=None, obs_status="O")
    made = sealed(row(value="2", obs_status="A"), missing)
    digest = hashlib.sha256()
    digest.update(b"category:dictionary<values=string, indices=int32, ordered=0>:2;")
    digest.update(json.dumps(["T:1", "T:2"]).encode())
    digest.update(b"\1\1" + struct.pack("<2i", 0, 1))
    digest.update(b"obs_value:decimal128(38, 18):2;")
    digest.update(b"\1\0" + (2 * 10**18).to_bytes(16, "little") + bytes(16))
    assert content_hash(made, ["category", "obs_value"]) == digest.hexdigest()


def test_figures_are_hashed_as_numbers_compatible_with_older_versions():
    one, other = sealed(row(value="1.5")), sealed(row(value="1.50"))
    assert figures_hash(one) == figures_hash(other)
    assert content_hash(one) != content_hash(other)
    hashed = [name for name in FIGURES if name != "freq"]
    place = one.schema.get_field_index("obs_value")
    as_before = one.set_column(place, "obs_value", one["obs_value"].cast(pa.decimal128(28, 8)))
    assert figures_hash(one) == content_hash(as_before, hashed)
    longer = sealed(row(value="1.123456789"))
    assert figures_hash(longer) == content_hash(longer, hashed)


def test_the_frequency_counts_if_the_period_does_not_show_it():
    days = [
        row(period="2020-01-02", freq=freq, value=value) for freq, value in (("D", "1"), ("B", "2"))
    ]
    swapped = [one | {"obs_value": value} for one, value in zip(days, ("2", "1"), strict=True)]
    assert figures_hash(sealed(*days)) != figures_hash(sealed(*swapped))


@pytest.mark.parametrize("column", ["ref_area", "category", "time_period", "obs_value"])
def test_every_changed_figure_or_key_changes_the_figures_hash(column):
    changed = {"ref_area": "NY", "category": "T:3", "time_period": "2021", "obs_value": "1.6"}
    assert column in FIGURES
    other = row() | {column: changed[column]}
    assert figures_hash(sealed(row())) != figures_hash(sealed(other))


def test_a_changed_status_or_symbol_is_a_revision_but_not_a_note_or_name():
    plain = sealed(row())
    for revised in ({"obs_status": "E"}, {"source_symbol": "(L)"}):
        assert figures_hash(sealed(row(**revised))) != figures_hash(plain)
    for corrected in ({"notes": "n"}, {"geo_name": "California"}, {"parent_category": "T:0"}):
        other = sealed(row(**corrected))
        assert figures_hash(other) == figures_hash(plain)
        assert content_hash(other) != content_hash(plain)


def test_a_slice_has_the_hash_of_its_rows():
    missing = row(category="T:2", value=None, obs_status="O")
    rows = [row(obs_status="A"), missing, row(category="T:3", obs_status="A")]
    rest = canonical(sealed(*rows).slice(1))
    assert content_hash(rest) == content_hash(sealed(*rows[1:]))


@settings(deadline=None)
@given(drawn=encodings())
def test_a_canonical_table_has_one_chunk_and_only_used_codes_in_order(drawn):
    _, parts = drawn
    table = pa.table({"ref_area": parts[0]["ref_area"].cast(pa.string()).dictionary_encode()})
    made = canonical(pa.concat_tables([table, table.slice(len(table) // 2)]))
    column = made["ref_area"]
    assert column.num_chunks == 1
    texts = column.to_pylist()
    assert column.chunk(0).dictionary.to_pylist() == sorted(set(texts))
    assert canonical(made).equals(made)


def test_a_day_may_be_missing():
    days = [pa.table({"day": pa.array(values, pa.date32())}) for values in ([None, 1], [0, 1])]
    assert len({content_hash(table) for table in days}) == 2
