"""Silver against BEA's own files, cell by cell, read by another reader: Python's csv module."""

import csv
import functools
import io
import zipfile
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from statpipe.api import Payload
from statpipe.domain.canonical import content_hash
from statpipe.domain.seal import seal
from statpipe_bea import tables
from statpipe_bea.normalizer import RegionalNormalizer

TABLES = ("SAPCE1", "SAPCE2", "SAPCE3", "SAPCE4")
FOOTNOTE = {"(L)": "Less than $50,000."}


def payloads_of(archive: zipfile.ZipFile, table: str) -> list[Payload]:
    csv_name = next(n for n in archive.namelist() if n.startswith(f"{table}__ALL_AREAS"))
    html = f"{table}__Footnotes.html"
    return [
        Payload(name=csv_name, body=archive.read(csv_name), media_type="text/csv"),
        Payload(name=html, body=archive.read(html), media_type="text/html"),
    ]


def printed_cells(body: bytes) -> dict[tuple[str, int, str], str]:
    rows = csv.DictReader(io.StringIO(body.decode("utf-8")))
    return {
        (row["GeoFIPS"].strip().strip('" '), int(row["LineCode"]), year): text.strip()
        for row in rows
        if row["LineCode"]
        for year, text in row.items()
        if year.isdigit()
    }


@pytest.fixture(scope="module")
def archive(bulk):
    with zipfile.ZipFile(bulk) as opened:
        yield opened


@pytest.fixture(scope="module")
def silver(archive):
    """A table's Silver, by its name."""

    @functools.cache
    def silver(table: str) -> pa.Table:
        dataset = tables.dataset(table)
        read = RegionalNormalizer().normalize(dataset, payloads_of(archive, table))
        return seal(read, dataset, "2022-10-06")

    return silver


def rows(table: pa.Table, **codes: str) -> list[dict]:
    """The rows that have these codes."""
    wanted = [pc.equal(table[name].cast("string"), code) for name, code in codes.items()]
    return table.filter(functools.reduce(pc.and_, wanted)).to_pylist()


COMPARED = (
    *("geo_fips", "category", "time_period", "period_start", "obs_value", "obs_status"),
    *("source_symbol", "notes", "unit_measure"),
)


@pytest.mark.parametrize("table", TABLES)
def test_silver_has_exactly_the_printed_cells(archive, silver, table):
    printed = printed_cells(payloads_of(archive, table)[0].body)
    assert len(silver(table)) == len(printed)
    for row in silver(table).select(COMPARED).to_pylist():
        text = printed[row["geo_fips"], int(row["category"].split(":")[1]), row["time_period"]]
        if text in FOOTNOTE:
            assert row["obs_value"] is None
            assert (row["obs_status"], row["source_symbol"]) == ("N", text)
            assert row["notes"] == FOOTNOTE[text]
        else:
            assert row["obs_value"] == Decimal(text)
            assert (row["obs_status"], row["source_symbol"], row["notes"]) == ("A", None, None)
        assert row["period_start"] == date(int(row["time_period"]), 1, 1)
        assert row["unit_measure"] == (
            "Dollars" if table == "SAPCE2" else "Millions of current dollars"
        )


def test_hierarchy_and_signs_follow_the_indentation_in_beas_file(archive):
    """Depth by parents equals the count of leading blanks; only "Less:" lines are subtracted."""
    for table in TABLES:
        categories = {c.code: c for c in tables.categories(table)}
        text = payloads_of(archive, table)[0].body.decode("utf-8")
        for row in csv.DictReader(io.StringIO(text)):
            if not row["LineCode"]:
                continue
            category = categories[f"{table}:{row['LineCode']}"]
            depth, node = 0, category
            while node.parent:
                depth, node = depth + 1, categories[node.parent]
            description = row["Description"]
            assert depth == len(description) - len(description.lstrip())
            assert (category.sign == -1) == description.lstrip().startswith("Less:")


def test_the_us_is_not_the_sum_of_the_states_and_stays_as_published(silver):
    """Net expenditures abroad (SAPCE3 line 46) are published for the US alone."""
    abroad = rows(silver("SAPCE3"), category="SAPCE3:46")
    assert {row["ref_area"] for row in abroad} == {"US"}
    assert next(r["obs_value"] for r in abroad if r["time_period"] == "2019") == Decimal("11451.3")


def test_printed_zeros_stay_zeros(silver):
    """The District of Columbia has none of line 53; that is a figure, not a missing one."""
    zeros = rows(silver("SAPCE3"), ref_area="DC", category="SAPCE3:53")
    assert {(row["obs_value"], row["obs_status"]) for row in zeros} == {(Decimal(0), "A")}


def test_a_table_under_its_former_name_is_the_same_dataset(older):
    """SAEXP1 of 2020 is SAPCE1: California's line 1 of 2018 was 1,852,976.3 then."""
    with zipfile.ZipFile(older) as opened:
        (name,) = opened.namelist()
        payload = Payload(name=name, body=opened.read(name), media_type="text/csv")
    dataset = tables.dataset("SAPCE1")
    table = RegionalNormalizer().normalize(dataset, [payload])
    (row,) = rows(table, ref_area="CA", category="SAPCE1:1", time_period="2018")
    assert row["obs_value"] == Decimal("1852976.3")


def test_columns_in_another_order_give_the_same_table(archive):
    dataset = tables.dataset("SAPCE1")
    whole = payloads_of(archive, "SAPCE1")[0]
    text = whole.body.decode("utf-8")
    rows = [line for line in csv.reader(io.StringIO(text)) if len(line) > 5]
    order = [*range(8, len(rows[0])), 7, 6, 5, 4, 3, 2, 1, 0]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([row[n] for n in order])
    footer = text[text.index('"Note:') :]
    turned = Payload(
        name=whole.name, body=(out.getvalue() + footer).encode(), media_type="text/csv"
    )

    one = seal(RegionalNormalizer().normalize(dataset, [whole]), dataset, "v")
    other = seal(RegionalNormalizer().normalize(dataset, [turned]), dataset, "v")
    assert content_hash(one) == content_hash(other)
