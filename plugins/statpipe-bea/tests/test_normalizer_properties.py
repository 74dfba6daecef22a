"""Generated tables in BEA's two forms, against an oracle that knows no Arrow."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statpipe.api import ContentError, Payload
from statpipe.domain.canonical import content_hash
from statpipe.domain.seal import seal
from statpipe_bea import tables
from statpipe_bea.normalizer import RegionalNormalizer

from .answers import NOTE, answer, body_of

DATASET = tables.dataset("SAPCE4")
CATEGORIES = {c.code.split(":")[1]: c for c in DATASET.categories}
FIPS = {"00000": "US", "06000": "CA", "11000": "DC", "98000": "FWST"}
STATUS = {"(D)": "Q", "(L)": "N", "(NA)": "O"}

# Tiny pools, so that the same line, area and year meet often.
lines = st.sampled_from(["1", "2", "3", "128", "130", "131"])
areas = st.sampled_from(sorted(FIPS))
years = st.sampled_from(["1997", "2020", "2021"])
numbers = st.decimals(
    min_value=Decimal(-(10**9)), max_value=Decimal(10**9), places=1, allow_nan=False
).map(str)
printed = st.one_of(numbers, st.sampled_from(["0", "0.0", "-0.1", "(D)", "(L)", "(NA)"]))
cells = st.dictionaries(st.tuples(lines, areas, years), printed, min_size=1, max_size=25)


def oracle(table):
    """What Silver must hold, from the printed cells alone."""
    expected = {}
    for (line, fips, year), text in table.items():
        missing = text in STATUS
        expected[FIPS[fips], f"SAPCE4:{line}", year] = (
            None if missing else Decimal(text),
            STATUS.get(text, "A"),
            text if missing else None,
        )
    return expected


def found(silver):
    return {
        (r["ref_area"], r["category"], r["time_period"]): (
            r["obs_value"],
            r["obs_status"],
            r["source_symbol"],
        )
        for r in silver.to_pylist()
    }


def json_row(key, text, *, marker_in_note):
    line, fips, year = key
    row = {
        "Code": f"SAPCE4-{line}",
        "GeoFips": fips,
        "GeoName": "an area *",
        "TimePeriod": year,
        "CL_UNIT": "Millions of current dollars",
        "UNIT_MULT": "6",
        "DataValue": text,
    }
    if text in STATUS and marker_in_note:
        row |= {"DataValue": "0", "NoteRef": text}
    return row


def answers_of(table, split, *, marker_in_note=True, spaced=False):
    rows = [json_row(k, v, marker_in_note=marker_in_note) for k, v in table.items()]
    parts = [part for part in (rows[:split], rows[split:]) if part]
    bodies = [answer(part, Statistic="") for part in parts]
    encode = (lambda document: json.dumps(document, indent=1).encode()) if spaced else body_of
    return [Payload(name=f"p{n}", body=encode(body)) for n, body in enumerate(bodies)]


def csv_of(table):
    used = sorted({year for _, _, year in table})
    header = "GeoFIPS,GeoName,Region,TableName,LineCode,IndustryClassification,Description,Unit"
    out = [",".join([header, *used])]
    for line, fips in sorted({(line, fips) for line, fips, _ in table}):
        texts = [table[line, fips, year] for year in used]
        title = CATEGORIES[line].name
        out.append(
            f' "{fips}","an area",8,SAPCE4,{line},"...","  {title} ","Millions of current dollars",'
            + ",".join(texts)
        )
    return "\r\n".join([*out, '"Note: See the footnote file."', f'"{NOTE}"', '"BEA"', ""]).encode()


def silver_of(payloads):
    return seal(RegionalNormalizer().normalize(DATASET, payloads), DATASET, "2022-10-06")


@settings(deadline=None, max_examples=60)
@given(table=cells, split=st.integers(0, 25), spaced=st.booleans(), in_note=st.booleans())
def test_silver_has_exactly_the_printed_figures_for_any_split_of_answers(
    table, split, spaced, in_note
):
    payloads = answers_of(table, split, marker_in_note=in_note, spaced=spaced)
    assert found(silver_of(payloads)) == oracle(table)


@settings(deadline=None, max_examples=30)
@given(table=cells, seed=st.randoms(use_true_random=False))
def test_the_order_of_rows_and_payloads_does_not_matter(table, seed):
    shuffled = list(table.items())
    seed.shuffle(shuffled)
    one = silver_of(answers_of(table, 3))
    other = silver_of(answers_of(dict(shuffled), 7)[::-1])
    assert content_hash(one) == content_hash(other)


@settings(deadline=None, max_examples=30)
@given(
    areas=st.sets(areas, min_size=1),
    lines=st.sets(lines, min_size=1),
    years=st.sets(years, min_size=1),
    texts=st.lists(printed, min_size=72, max_size=72),
)
def test_a_csv_file_and_answers_with_the_same_figures_give_the_same_silver(
    areas, lines, years, texts
):
    keys = [(line, fips, year) for line in lines for fips in areas for year in years]
    table = dict(zip(keys, texts, strict=False))
    by_csv = silver_of([Payload(name="x.csv", body=csv_of(table), media_type="text/csv")])
    assert found(by_csv) == oracle(table)
    notes = {r["notes"] for r in by_csv.to_pylist() if r["source_symbol"] == "(L)"}
    assert notes <= {"Less than $50,000."}
    by_json = silver_of(answers_of(table, 5, marker_in_note=False))
    # Texts of markers come from the payload where it has them: only (L) has one in both.
    assert found(by_json) == found(by_csv)


@settings(deadline=None, max_examples=150)
@given(
    table=cells,
    place=st.integers(0, 10_000),
    junk=st.binary(min_size=0, max_size=4),
    drop=st.integers(0, 40),
)
def test_a_damaged_answer_is_refused_or_read_as_printed(table, place, junk, drop):
    """Any bytes may arrive: only ContentError may come of it, and never a half-read table."""
    (payload, *_) = answers_of(table, 25)
    place %= len(payload.body)
    body = payload.body[:place] + junk + payload.body[place + drop :]
    try:
        silver = silver_of([Payload(name="damaged", body=body)])
    except ContentError as error:
        assert "damaged" in str(error) or "SAPCE4" in str(error)
    else:
        assert len(silver) <= len(table)


def test_a_stray_carriage_return_before_the_header_is_refused():
    body = b"\xc2\x80\r" + csv_of({("1", "00000", "1997"): "0.0"})
    with pytest.raises(ContentError, match="line 1: no column for GeoFIPS"):
        silver_of([Payload(name="odd.csv", body=body, media_type="text/csv")])


@settings(deadline=None, max_examples=150)
@given(
    table=cells,
    place=st.integers(0, 10_000),
    junk=st.binary(min_size=0, max_size=4),
    drop=st.integers(0, 40),
)
def test_a_damaged_file_is_refused_or_read_as_printed(table, place, junk, drop):
    used = sorted({year for _, _, year in table})
    pairs = {(line, fips) for line, fips, _ in table}
    whole = {(line, fips, year): "1.0" for line, fips in pairs for year in used} | table
    body = csv_of(whole)
    place %= len(body)
    damaged = body[:place] + junk + body[place + drop :]
    try:
        silver_of([Payload(name="damaged.csv", body=damaged, media_type="text/csv")])
    except ContentError as error:
        assert "damaged.csv" in str(error) or "SAPCE4" in str(error)
