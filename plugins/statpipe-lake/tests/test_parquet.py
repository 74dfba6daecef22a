"""Tables as Parquet: equal tables are equal bytes, and are read back unchanged or refused."""

import subprocess
import sys
import textwrap
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.api import (
    Category,
    Column,
    Dataset,
    Layer,
    Model,
    Partition,
    PartitionKey,
    observations_from_rows,
)
from statpipe.domain.canonical import content_hash
from statpipe.domain.seal import seal
from statpipe_lake.parquet import fingerprint_in, from_parquet, part_fault, to_parquet

PRINT = "0123456789abcdef" * 4
DATASET = Dataset(
    name="T",
    title="t",
    normalizer="n",
    categories=tuple(
        Category(code=f"T:{n}", name=f"Line {n}", unit_measure="Dollars", unit_mult=6)
        for n in range(1, 12)
    ),
)


def sealed(rows=60):
    return seal(
        observations_from_rows(
            {
                "ref_area": ("CA", "US")[n % 2],
                "category": f"T:{n % 11 + 1}",
                "time_period": str(1950 + n),
                "obs_value": None if n % 7 == 0 else f"{n}.{n:08d}",
                "obs_status": "O" if n % 7 == 0 else "A",
                "notes": "¿footnote?" if n % 5 == 0 else None,
            }
            for n in range(rows)
        ),
        DATASET,
        "2022-10-06",
    )


def partition(table=None, fingerprint=PRINT, model=None):
    key = PartitionKey(layer=Layer.SILVER, owner="agency", dataset="T", vintage="2022-10-06")
    return Partition(
        key=key,
        table=sealed() if table is None else table,
        fingerprint=fingerprint,
        model=model,
    )


def footer_of(body):
    """What pyarrow reads, which knows the format."""
    return pq.read_metadata(pa.BufferReader(body)).metadata


# --- Round trip ----------------------------------------------------------------------------------


def test_a_sealed_table_is_read_back_with_types_descriptions_and_hash():
    table = sealed()
    found = from_parquet(to_parquet(partition(table)))
    assert found.schema.equals(table.schema, check_metadata=True)
    assert found.equals(table)
    assert content_hash(found) == content_hash(table)
    assert pa.types.is_dictionary(found.schema.field("ref_area").type)
    assert found.schema.field("obs_value").type == pa.decimal128(38, 18)


texts = st.one_of(st.none(), st.sampled_from(["CA", "", "¿?", "x" * 300, "a\x00b"]))
figures = st.one_of(
    st.none(),
    st.sampled_from([Decimal("9" * 20 + "." + "9" * 8), Decimal("-0.00000001"), Decimal(0)]),
    st.decimals(-999, 999, places=8),
)


@settings(deadline=None, max_examples=60)
@given(rows=st.lists(st.tuples(texts, figures, st.floats(allow_nan=False), st.dates()), max_size=8))
def test_any_table_is_read_back_unchanged(rows):
    names, values, ratios, days = zip(*rows, strict=True) if rows else ((),) * 4
    table = pa.table(
        {
            "name": pa.array(names, pa.string()).dictionary_encode(),
            "plain": pa.array(names, pa.string()),
            "value": pa.array(values, pa.decimal128(38, 18)),
            "ratio": pa.array(ratios, pa.float64()),
            "day": pa.array(days, pa.date32()),
            "small": pa.array([len(rows)] * len(rows), pa.int8()),
        }
    )
    found = from_parquet(to_parquet(partition(table)))
    assert found.schema == table.schema
    assert found.to_pylist() == [
        {"name": n, "plain": n, "value": v, "ratio": r, "day": d, "small": len(rows)}
        for n, v, r, d in rows
    ]


def test_a_table_with_several_row_groups_is_read_back_with_its_fingerprint():
    rows = (1 << 20) + 3
    table = pa.table(
        {
            "code": pa.DictionaryArray.from_arrays(
                pa.array(range(rows), pa.int32()).cast(pa.int32()), pa.array(map(str, range(rows)))
            )
        }
    )
    body = to_parquet(partition(table))
    assert pq.read_metadata(pa.BufferReader(body)).num_row_groups > 1
    assert fingerprint_in(body[-65536:]) == PRINT
    found = from_parquet(body)["code"]
    assert found.cast(pa.string()).equals(table["code"].cast(pa.string()))


def test_other_tools_read_the_file():
    found = pq.read_table(pa.BufferReader(to_parquet(partition())), columns=["obs_value"])
    assert found["obs_value"][1].as_py() == Decimal("22.00000022")
    metadata = footer_of(to_parquet(partition()))
    assert metadata[b"statpipe.fingerprint"] == PRINT.encode()


def test_a_gold_table_contains_its_title_and_grain():
    model = Model(
        name="m",
        title="Spending by área",
        inputs=("agency",),
        grain=("area", "year"),
        columns=tuple(Column(name=n, type="text", description=n) for n in ("area", "year")),
        sql="",
    )
    table = pa.table({"area": ["CA"], "year": ["2022"]})
    metadata = footer_of(to_parquet(partition(table, model=model)))
    assert metadata[b"title"].decode() == "Spending by área"
    assert metadata[b"grain"] == b"area,year"


# --- Equal bytes ---------------------------------------------------------------------------------


def test_texts_are_dictionary_encoded_and_figures_are_not():
    group = pq.read_metadata(pa.BufferReader(BODY)).row_group(0)
    columns = {c.path_in_schema: c for c in map(group.column, range(group.num_columns))}
    assert columns["category"].has_dictionary_page
    assert not columns["obs_value"].has_dictionary_page


def test_only_columns_that_readers_filter_by_have_statistics():
    group = pq.read_metadata(pa.BufferReader(BODY)).row_group(0)
    columns = map(group.column, range(group.num_columns))
    found = {column.path_in_schema for column in columns if column.statistics}
    assert found == {"ref_area", "category", "freq", "time_period", "dataset", "period_start"}


def test_equal_tables_give_equal_bytes_for_any_chunks_and_encodings():
    table = sealed()
    pieces = pa.concat_tables([table.slice(0, 20), table.slice(20)]).combine_chunks()
    assert to_parquet(partition(pieces)) == to_parquet(partition(table))
    labelled = table.replace_schema_metadata({"made": "at noon"})
    assert to_parquet(partition(labelled)) == to_parquet(partition(table))


def test_equal_tables_give_equal_bytes_in_two_other_processes():
    code = textwrap.dedent(
        """
        import hashlib, importlib.util, sys
        spec = importlib.util.spec_from_file_location("other", sys.argv[1])
        other = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(other)
        print(hashlib.sha256(other.to_parquet(other.partition())).hexdigest())
        """
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code, __file__],
            env={"PYTHONHASHSEED": seed, "TZ": zone, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone, threads in (("1", "UTC", "1"), ("2", "Asia/Tokyo", "4"))
    }
    assert len(told) == 1


# --- The fingerprint in the footer ------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(
    fingerprint=st.text("0123456789abcdef", min_size=64, max_size=64),
    columns=st.integers(1, 40),
    rows=st.integers(0, 3),
    title=st.sampled_from(["t", "x" * 4000, "PAR1", "statpipe.fingerprint"]),
)
def test_the_fingerprint_in_the_tail_equals_the_one_in_the_metadata(
    fingerprint, columns, rows, title
):
    names = [f"c{n}" for n in range(columns)]
    model = Model(
        name="m",
        title=title,
        inputs=(),
        grain=("c0",),
        columns=tuple(Column(name=n, type="text", description=n) for n in names),
        sql="",
    )
    table = pa.table({name: ["x"] * rows for name in names})
    body = to_parquet(partition(table, fingerprint, model))
    assert fingerprint_in(body[-65536:]) == fingerprint
    assert footer_of(body)[b"statpipe.fingerprint"].decode() == fingerprint


def test_a_truncated_file_has_no_fingerprint():
    body = to_parquet(partition())
    assert fingerprint_in(body) == PRINT
    for length in range(len(body)):
        assert fingerprint_in(body[:length][-65536:]) is None


def test_a_foreign_file_has_no_fingerprint():
    sink = pa.BufferOutputStream()
    pq.write_table(sealed(), sink)
    assert fingerprint_in(sink.getvalue().to_pybytes()) is None
    assert fingerprint_in(b"") is None
    assert fingerprint_in(b"PAR1") is None


# --- Damage --------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=150)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_in_the_figures_is_always_noticed(place, bit):
    table = DAMAGED.table
    # Figures lie in the pages, each with a checksum; the last page ends where the footer begins.
    start, end = PAGES["obs_value"]
    where = start + int(place * (end - start))
    body = bytearray(BODY)
    body[where] ^= 1 << bit
    try:
        found = from_parquet(bytes(body))
    except (pa.ArrowException, OSError):
        return
    assert found["obs_value"].equals(table["obs_value"])


DAMAGED = partition(sealed(400))
BODY = to_parquet(DAMAGED)


def places_of_pages():
    """Where the compressed bytes of each column's data lie: its last page, less the header."""
    group = pq.read_metadata(pa.BufferReader(BODY)).row_group(0)
    found = {}
    for number in range(group.num_columns):
        column = group.column(number)
        begin = column.dictionary_page_offset or column.data_page_offset
        end = begin + column.total_compressed_size
        header = 64  # a page's header is shorter
        found[column.path_in_schema] = (column.data_page_offset + header, end)
    return found


PAGES = places_of_pages()


def test_every_flipped_bit_is_a_fault_even_in_unused_bytes():
    part = partition(sealed(12))
    whole = to_parquet(part)
    assert part_fault(whole, part.key.path) == ""
    for place in range(0, len(whole) * 8, 7):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << place % 8
        assert part_fault(bytes(flipped), part.key.path), place


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda _: b"", "it is empty"),
        (lambda body: body[:-1], "it is cut off or not a Parquet file"),
        (lambda body: body + b"\n", "it is cut off or not a Parquet file"),
        (lambda body: bytes(len(body)), "it is cut off or not a Parquet file"),
        (lambda body: body[:50] + bytes(len(body) - 3000) + body[-2950:], "its bytes have changed"),
        (lambda _: b"PAR1PAR1", ""),
    ],
)
def test_a_fault_is_described_in_words(damage, fault):
    part = partition()
    found = part_fault(damage(to_parquet(part)), part.key.path)
    assert found.startswith(fault)
    assert found


def test_a_misplaced_file_names_its_proper_place():
    assert part_fault(to_parquet(partition()), "silver/agency/dataset=T/vintage=2024-01-01") == (
        "it belongs at silver/agency/dataset=T/vintage=2022-10-06"
    )


def test_a_file_that_is_not_parquet_is_an_error_of_arrow():
    for body in (b"", b"PAR1", b"PAR1PAR1", b"{}", BODY[:100], BODY[100:]):
        with pytest.raises((pa.ArrowException, OSError)):
            from_parquet(body)


def test_dates_and_periods_are_read_back():
    found = from_parquet(BODY)
    assert found["period_start"][0].as_py() == date(int(found["time_period"][0].as_py()), 1, 1)


@pytest.mark.slow
def test_a_process_that_ends_right_after_reading_ends_normally(tmp_path):
    keys = [f"{n:06d}" for n in range(40_000)]
    wide = pa.table({name: pa.array(keys).dictionary_encode() for name in "abcdefghij"})
    (tmp_path / "part.parquet").write_bytes(to_parquet(partition(wide)))
    code = (
        "import pathlib, sys; from statpipe_lake.parquet import from_parquet; "
        "table = from_parquet(pathlib.Path(sys.argv[1]).read_bytes())"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "part.parquet")]
    for _ in range(80):  # five at a time, so that threads wait for a core
        ended = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(5)]
        assert [(p.communicate()[1], p.returncode) for p in ended] == [(b"", 0)] * 5
