"""Whatever arrives that is not BEA's answer is refused, naming payload, place and expectation."""

import json
import zipfile

import pytest

from statpipe.api import ContentError, Payload
from statpipe_bea import tables
from statpipe_bea.channels.zips import table_files
from statpipe_bea.normalizer import RegionalNormalizer

from .answers import NOTE, answer, body_of, line_list, row

DATASET = tables.dataset("SAPCE1")
CSV = (
    "GeoFIPS,GeoName,Region,TableName,LineCode,IndustryClassification,Description,Unit,2020,2021\r\n"
    ' "06000","California",8,SAPCE1,2,"..."," Goods ","Millions of current dollars",1.5,2.5\r\n'
    ' "06000","California",8,SAPCE1,13,"..."," Services ","Millions of current dollars",3.5,4.5\r\n'
    '"Note: See the included footnote file."\r\n'
    '"SAPCE1: Personal consumption expenditures (PCE) by major type of product 1/"\r\n'
    f'"{NOTE}"\r\n'
    '"U.S. Bureau of Economic Analysis"\r\n'
)


def normalize(body, media_type="application/json", name="p1"):
    body = body if isinstance(body, bytes) else body.encode()
    payload = Payload(name=name, body=body, media_type=media_type)
    return RegionalNormalizer().normalize(DATASET, [payload])


GOOD = body_of(answer([row(), row(TimePeriod="2021")]))

BAD_ANSWERS = {
    "truncated": (GOOD[:-40], "not valid JSON"),
    "empty": (b"", "the answer is empty"),
    "blank": (b" \r\n", "the answer is empty"),
    "a page": (b"<html><body>Service unavailable</body></html>", "not valid JSON"),
    "JSON and then a page": (GOOD + b"<html></html>", "something else follows the JSON"),
    "a byte that Windows-1252 has not": (
        GOOD.replace(b"California", b"C\x81"),
        "not valid UTF-8",
    ),
    "no results": (b'{"BEAAPI":{"Request":{}}}', "BEAAPI.Results is not a single object"),
    "not an object": (b"[1, 2]", "the JSON is not an object"),
    "no rows": (body_of(answer([])), "is empty"),
    "rows that are no objects": (body_of(answer(["x"])), "not an object"),
    "a row that is null": (GOOD.replace(b'"Data":[', b'"Data":[null,'), "Data[0] is None"),
    "a last row that is null": (GOOD.replace(b'],"Notes"', b',null],"Notes"'), "Data[2] is None"),
    "notes that are no objects": (
        GOOD.replace(b'"Notes":[', b'"Notes":[null,'),
        "Notes[0] is not an object",
    ),
    "an unknown marker": (
        body_of(answer([row(DataValue="0", NoteRef="(Z)")])),
        "NoteRef '(Z)' is neither",
    ),
    "zero beside a note that says it is not shown": (
        body_of(
            answer(
                [row(DataValue="0", NoteRef="1")],
                Notes=[
                    {"NoteRef": "1", "NoteText": "Not shown to avoid disclosure."},
                    {"NoteRef": " ", "NoteText": NOTE},
                ],
            )
        ),
        (
            "figure 0 beside footnote 1 ('Not shown to avoid disclosure.'), which may mean that it "
            "is not shown"
        ),
    ),
    "a year in full-width digits": (
        body_of(answer([row(TimePeriod="20\uff121")])),
        "Data[0]: TimePeriod",
    ),
    "an unknown marker as figure": (body_of(answer([row(DataValue="(Z)")])), "marker '(Z)'"),
    "a figure beside a marker": (
        body_of(answer([row(DataValue="12.5", NoteRef="(D)")])),
        "figure 12.5 beside marker (D)",
    ),
    "a row twice": (body_of(answer([row(), row(DataValue="9")])), "a second figure for CA"),
    "another title": (body_of(answer([row()], Statistic="Gasoline")), "titled 'Gasoline'"),
    "another unit": (body_of(answer([row(CL_UNIT="Index", UNIT_MULT="0")])), "is in 'Index'"),
    "another multiplier": (body_of(answer([row(UNIT_MULT="3")])), "times 10^3"),
    "a year that is none": (body_of(answer([row(TimePeriod="20x1")])), "TimePeriod '20x1'"),
    "a quarter": (body_of(answer([row(TimePeriod="2021Q1")])), "TimePeriod '2021Q1'"),
    "NaN as text": (body_of(answer([row(DataValue="NaN")])), "figure 'NaN'"),
    "Infinity as text": (body_of(answer([row(DataValue="Infinity")])), "figure 'Infinity'"),
    "NaN as a number": (GOOD.replace(b'"1.5"', b"NaN"), "NaN is not a figure"),
    "an exponent": (body_of(answer([row(DataValue="1e5")])), "figure '1e5'"),
    "an empty figure": (body_of(answer([row(DataValue="")])), "figure ''"),
    "a figure of a hundred digits": (
        body_of(answer([row(DataValue="9" * 100)])),
        "100 digits before",
    ),
    "more places than can be kept": (
        body_of(answer([row(DataValue="1.1234567890123456789")])),
        "has 19 decimal places",
    ),
    "a column missing": (body_of(answer([row(without="CL_UNIT")])), "CL_UNIT is None"),
    "another table": (body_of(answer([row(Code="SAGDP2-1")])), "Code 'SAGDP2-1'"),
    "a line that is not a number": (body_of(answer([row(Code="SAPCE1-x")])), "Code 'SAPCE1-x'"),
    "an area that is no code": (body_of(answer([row(GeoFips="CA")])), "area 'CA'"),
    "two dates": (
        body_of(
            answer(
                [row()],
                Notes=[
                    {"NoteRef": "", "NoteText": "Last updated: October 6, 2022."},
                    {"NoteRef": "", "NoteText": "last updated Oct 7, 2022."},
                ],
            )
        ),
        "names two releases, 'Last updated: October 6, 2022.' and 'last updated Oct 7, 2022.'",
    ),
    "no date": (body_of(answer([row()], note="Revised.")), 'has no note "Last updated'),
}


@pytest.mark.parametrize("case", BAD_ANSWERS)
def test_an_invalid_answer_is_refused_with_name_and_place(case):
    body, expected = BAD_ANSWERS[case]
    with pytest.raises(ContentError) as caught:
        normalize(body)
    assert "p1" in str(caught.value)
    assert expected in str(caught.value)
    assert "expected" in str(caught.value)


def test_a_row_is_named_by_its_number_in_its_own_payload():
    payloads = [
        Payload(name="first", body=GOOD),
        Payload(name="second", body=body_of(answer([row(GeoFips="01000"), row(DataValue="x")]))),
    ]
    with pytest.raises(ContentError, match=r"payload second, Data\[1\]: figure 'x'"):
        RegionalNormalizer().normalize(DATASET, payloads)


def test_payloads_of_two_releases_are_refused():
    other = answer([row(GeoFips="01000")], note="Last updated: October 3, 2024-- revised.")
    payloads = [Payload(name="a", body=GOOD), Payload(name="b", body=body_of(other))]
    with pytest.raises(ContentError, match="expected payloads of the same release"):
        RegionalNormalizer().normalize(DATASET, payloads)


def test_files_of_two_releases_are_refused():
    bodies = [CSV, CSV.replace("06000", "01000").replace("2022--", "2023--")]
    payloads = [
        Payload(name=f"f{n}", body=body.encode(), media_type="text/csv")
        for n, body in enumerate(bodies)
    ]
    with pytest.raises(ContentError, match=r"payload f1: .* expected payloads of the same release"):
        RegionalNormalizer().normalize(DATASET, payloads)


def test_a_list_of_lines_alone_has_no_figures():
    body = body_of(line_list({"2": "[SAPCE1] Goods"}))
    with pytest.raises(ContentError, match="payload lines: a list of lines; expected figures"):
        RegionalNormalizer().normalize(DATASET, [Payload(name="lines", body=body, structure=True)])


def test_a_line_list_with_another_title_is_refused_and_says_how_to_accept_it():
    body = body_of(line_list({"2": "[SAPCE1] Gross domestic product"}))
    payload = Payload(name="lines", body=body, request={"method": "GetParameterValuesFiltered"})
    with pytest.raises(ContentError) as caught:
        RegionalNormalizer().normalize(DATASET, [payload, Payload(name="a", body=GOOD)])
    assert "'[SAPCE1] Gross domestic product'; expected 'Goods'" in str(caught.value)
    assert '[normalizers.bea_regional.titles] "SAPCE1:2"' in str(caught.value)
    accepting = RegionalNormalizer(titles={"SAPCE1:2": "Gross domestic product"})
    assert len(accepting.normalize(DATASET, [payload, Payload(name="a", body=GOOD)])) == 2


BAD_FILES = {
    "truncated": (CSV[: CSV.index('"Note')], 'no "Last updated'),
    "cut in a row": (CSV[:250], "expected"),
    "empty": ("", "no rows before"),
    "a page": ("<html>Not found</html>", "no column for GeoFIPS, TableName"),
    "a column missing": (CSV.replace("LineCode,", ""), "line 1: no column for LineCode"),
    "a column that is not known": (CSV.replace("Region", "Rank"), "column 'Rank' is not known"),
    "a column under two names": (CSV.replace("Region", "Line"), "columns 'Line' and 'LineCode'"),
    "no years": (CSV.replace("2020,2021", "y,z"), "no column for any year"),
    "a year that is none": (CSV.replace("2020,2021", "2020,20x1"), "column '20x1' is not known"),
    "a year twice": (CSV.replace("2020,2021", "2021,2021"), "a column twice ('2021')"),
    "a cell too many": (CSV.replace(",1.5,2.5", ",1.5,2.5,3.5"), "line 2: 11 columns; expected 10"),
    "a cell too few": (CSV.replace(",1.5,2.5", ",1.5"), "line 2: 9 columns; expected 10"),
    "a row cut short": (CSV.replace(',SAPCE1,13,"..."', "\r\n"), "line 3: 3 columns"),
    "a quote that stays open": (CSV.replace('Services "', "Services "), "line 3: not valid CSV"),
    "a last row with an open quote": (
        CSV[: CSV.index('"Note')] + ' "98000","Far W\r\n' + CSV[CSV.index('"Note') :],
        "line 4: not valid CSV",
    ),
    "a last row of which just the area is left": (
        CSV.replace('"Note', '"98000"\r\n"Note'),
        "line 4: 1 column; expected 10 columns",
    ),
    "a footer cut in the date": (CSV[: CSV.index(", 2022--")], "not valid CSV"),
    "a NUL": (CSV.replace("Services", "Ser\0vices"), "line 3: control character U+0000"),
    "a NUL in the last row": (CSV.replace("4.5", "4.5\0"), "line 3: control character U+0000"),
    "a line without end": (
        CSV + "," * 70_000,
        "line 8: 70,000 characters; expected at most 65,536",
    ),
    "an escape sequence": (CSV.replace("Services", "\x1b[31m"), "control character U+001B"),
    "a row after the footer": (CSV + CSV.splitlines()[1], "line 8: a row after the footer"),
    "text in a column without a name": (
        CSV.replace("2020,2021", "2020,,2021").replace(",1.5,2.5", ",1.5,7,2.5"),
        "line 2: '7' in column 10, which has no name",
    ),
    "another table": (CSV.replace(",SAPCE1,", ",SAGDP2,"), "table 'SAGDP2'"),
    "another title": (CSV.replace(" Goods ", " Gasoline "), "titled 'Gasoline'; expected 'Goods'"),
    "another unit": (CSV.replace("Millions of current", "Thousands of"), "is in 'Thousands of"),
    "a line that is not a number": (CSV.replace("SAPCE1,2,", "SAPCE1,x,"), "line 'x' of SAPCE1"),
    "an area that is no code": (CSV.replace("06000", "CA"), "area 'CA'"),
    "a row twice": (CSV.replace("13,", "2,").replace(" Services ", " Goods "), "a second figure"),
    "an unknown marker": (CSV.replace("1.5", "(Z)"), "line 2, column 2020: marker '(Z)'"),
    "NaN": (CSV.replace("4.5", "NaN"), "line 3, column 2021: figure 'NaN'"),
    "an empty cell": (CSV.replace("4.5", ""), "line 3, column 2021: figure ''"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_an_invalid_file_is_refused_with_name_and_place(case):
    text, expected = BAD_FILES[case]
    with pytest.raises(ContentError) as caught:
        normalize(text, "text/csv", "SAPCE1__ALL_AREAS_2020_2021.csv")
    assert "SAPCE1__ALL_AREAS_2020_2021.csv" in str(caught.value)
    assert expected in str(caught.value)
    assert "expected" in str(caught.value)


def test_undecodable_bytes_are_refused_with_their_place():
    body = CSV.encode().replace(b"California", b"Calif\x81rnia", 1)
    with pytest.raises(ContentError, match=rf"byte {body.index(0x81)}: not valid UTF-8 or Windows"):
        normalize(body, "text/csv")


def test_the_good_file_is_read():
    assert len(normalize(CSV, "text/csv")) == 4


def test_an_invalid_zip_is_refused():
    payload = Payload(name="SAPCE.zip", body=b"PK\x03\x04 no more", media_type="application/zip")
    with pytest.raises(ContentError, match=r"payload SAPCE.zip: not a valid zip file .*; expected"):
        list(table_files(payload))


def test_a_zip_without_the_tables_is_refused(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    payload = Payload(name="x.zip", body=path.read_bytes(), media_type="application/zip")
    with pytest.raises(
        ContentError, match=r"contains none of SAPCE1, SAPCE2, .*; expected BEA's SAPCE.zip"
    ):
        list(table_files(payload))


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    """The declared size is not trusted: reading stops at the limit."""
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("SAPCE1__ALL_AREAS_1997_2021.csv", "w", force_zip64=True) as member,
    ):
        for _ in range(80):
            member.write(bytes(1 << 20))
    payload = Payload(name="bomb.zip", body=path.read_bytes(), media_type="application/zip")
    with pytest.raises(ContentError, match="unpacks to more than 64 MiB"):
        list(table_files(payload))


def test_a_damaged_member_is_refused(tmp_path):
    path = tmp_path / "damaged.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("SAPCE1__ALL_AREAS_2020_2021.csv", CSV)
    body = bytearray(path.read_bytes())
    body[body.index(b"California")] ^= 0xFF
    payload = Payload(name="damaged.zip", body=bytes(body), media_type="application/zip")
    with pytest.raises(ContentError, match="not a valid zip file"):
        list(table_files(payload))


@pytest.mark.parametrize(
    ("place", "damage"),
    [
        (b"PK\x05\x06", {16: 0xFF, 19: 0x7F}),  # the table of contents is said to lie elsewhere
        (b"PK\x01\x02", {9: 0x08, 50: 0xCD}),  # a name in UTF-8 that is none
        (b"PK\x01\x02", {10: 14}),  # another way of packing
        (b"PK\x01\x02", {10: 12}),
        (b"PK\x01\x02", {8: 0x01}),  # encrypted
    ],
)
def test_damage_anywhere_in_a_zip_is_reported_as_an_unreadable_file(tmp_path, place, damage):
    path = tmp_path / "damaged.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("SAPCE1__ALL_AREAS_2020_2021.csv", CSV)
    body = bytearray(path.read_bytes())
    start = body.index(place)
    for offset, byte in damage.items():
        body[start + offset] = byte
        if place == b"PK\x01\x02" and offset != 50:
            body[offset - 2] = byte  # the member's own header says the same
    payload = Payload(name="damaged.zip", body=bytes(body), media_type="application/zip")
    with pytest.raises(ContentError, match=r"payload damaged\.zip: not a valid zip file"):
        list(table_files(payload))


def test_bare_numbers_keep_every_digit():
    """A number outside quotes is no reason to go through a binary float."""
    body = json.dumps(answer([row(DataValue="@")])).replace('"@"', "12345678.1")
    with pytest.raises(ContentError, match="DataValue"):
        normalize(body.replace("12345678.1", "null"))
    table = normalize(body)
    assert str(table["obs_value"][0].as_py().normalize()) == "12345678.1"
