"""Messages that no service should send, in every format: each is refused with its place and what to do."""

from __future__ import annotations

import gzip
import json
import re
import tracemalloc

import attrs
import pytest

from statpipe.api import Dataset, Payload, StatpipeError
from statpipe.engine.stages.task import Task, normalize
from statpipe_sdmx import zipped
from statpipe_sdmx.normalizer import SdmxNormalizer
from support.fake_sdmx import zipped as zip_of
from support.sdmx_messages import FORMATS, TIME, VALUE, Cube, Listed, structure_message

FREQ = Listed(id="FREQ", name="Frequency", codes={"A": "Annual"})
AREA = Listed(id="REF_AREA", name="Area", codes={"CN": "China", "IN": "India"})
TEA = Listed(id="TEA", name="Kind of tea", codes={"GREEN": "Green", "BLACK": "Black"})
STATUS = Listed(id="OBS_STATUS", name="Status", series=False)


def row(area="CN", tea="GREEN", period="2023", value="12.5", **told):
    found = {"FREQ": "A", "REF_AREA": area, "TEA": tea, TIME: period, VALUE: value}
    return found | {"OBS_STATUS": "A"} | told


def cube(*rows):
    return Cube(dimensions=(FREQ, AREA, TEA), attributes=(STATUS,), rows=rows)


FINE = cube(row(), row("IN"), row(period="2024"))
STRUCTURE = Payload(
    name="structure",
    body=structure_message(FINE),
    request={"flow": "DF_TRADE"},
    structure=True,
)


def read(body):
    """What a run makes of a message."""
    task = Task(
        source="tea",
        dataset=Dataset(name="DF_TRADE", title="Tea", normalizer="sdmx"),
        vintage="2024-01-01",
        normalizer=SdmxNormalizer(),
        code="",
        bronze=(),
    )
    return normalize(task, [STRUCTURE, Payload(name="data", body=body)])


def without(made, name):
    rows = tuple({k: v for k, v in one.items() if k != name} for one in made.rows)
    return attrs.evolve(
        made, dimensions=tuple(one for one in made.dimensions if one.id != name), rows=rows
    )


def twice(form):
    """Two series of one key: JSON has them as two members of one name."""
    if not form.startswith("json"):
        return FORMATS[form](cube(row(), row(value="99.5")))
    more = '"series": {"0:0:0": {"attributes": [], "observations": {"0": [99.5, 0]}}, '
    return FORMATS[form](FINE).replace(b'"series": {', more.encode(), 1)


FIGURES = {
    "5,000 digits": ("1" * 5000, "digits before the point; expected up to 20"),
    "a huge exponent": ("1e999999999", "digits before the point; expected up to 20"),
}
ROWS = {
    "a code in no list": (row(tea="GREN"), r"TEA has the code 'GREN'.*did you mean 'GREEN'\?"),
    "an area in no list": (row("XX"), r"REF_AREA has the code 'XX'.*there are CN, IN\. If the"),
    "no period": (row(period=""), "an observation has no TIME_PERIOD; expected a code for each"),
    "a period that is none": (row(period="20x3"), "time_period '20x3' is not a period"),
} | {name: (row(value=text), says) for name, (text, says) in FIGURES.items()}
BODIES = {
    "no dimension": (
        lambda form: FORMATS[form](without(FINE, "TEA")),
        r"no column or attribute TEA; the structure TEA:DSD\(1\.0\).*check whether data and struct",
    ),
    "two series of one key": (twice, "two observations for ref_area CN"),
    "half of it": (
        lambda form: FORMATS[form](FINE)[: len(FORMATS[form](FINE)) // 2],
        "payload data: (the CSV ends in the|not valid XML|Unterminated|Expecting).*(run again|expected)",
    ),
    "a page behind it": (
        lambda form: FORMATS[form](FINE) + b"<html>504 Gateway</html>",
        "payload data: (the CSV ends in the|not valid XML|Expecting the end).*(run again|expected)",
    ),
    "damaged gzip": (
        lambda form: gzip.compress(FORMATS[form](FINE))[:-12],
        r"payload data: the gzip cannot be read \(.*expected one SDMX message",
    ),
    "cut UTF-16": (
        lambda form: FORMATS[form](FINE).decode().replace("UTF-8", "UTF-16").encode("utf-16")[:-51],
        "payload data: (not in UTF-16|not valid XML|CSV parse error).*(run again|expected)",
    ),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("case", [*ROWS, *BODIES])
def test_errors_of_all_formats_are_refused_with_their_place(case, form):
    make, says = BODIES.get(case) or (
        lambda form: FORMATS[form](cube(row("IN"), ROWS[case][0])),
        "",
    )
    with pytest.raises(StatpipeError, match=says or ROWS[case][1]) as error:
        read(make(form))
    assert len(str(error.value)) < 1000 or case == "5,000 digits"


CSV = (
    b"DATAFLOW,FREQ,REF_AREA,TEA,TIME_PERIOD,OBS_VALUE%s\r\nT:DF_TRADE(1.0),A,CN,GREEN,2023,1%s\r\n"
)
DEEP = b"[" * 100_000 + b"]" * 100_000
ONCE = {
    "empty": (b"", "payload data is empty; expected an SDMX message with data"),
    "blank": (b" \r\n ", "payload data is empty"),
    "a page": (b"<html><body>Sorry</body></html>", "an XML message without a data set"),
    "a page with its type": (b"<!DOCTYPE html><html></html>", "declares a document type"),
    "an XML bomb": (
        b'<!DOCTYPE l [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><m:GenericData xmlns:m="m">&b;</m:GenericData>',
        "declares a document type",
    ),
    "deep XML": (b"<a>" * 100_000, "payload data: not valid XML"),
    "deep JSON": (b'{"data":%s}' % DEEP, "payload data: Expecting {"),
    "deep JSON beside the data": (b'{"meta":%s,"dataSets":[]}' % DEEP, "recursion depth"),
    "JSON without data": (b'{"meta":{}}', "there is no member dataSets; expected SDMX-JSON"),
    "JSON without a structure": (b'{"dataSets":[{}]}', "there is no member structure"),
    "JSON of something else": (b'{"dataSets":[{}],"structure":{}}', "no member 'dimensions'"),
    "JSON that tells of errors": (
        b'{"dataSets":[],"errors":[{"code":500,"title":"Out of order"}]}',
        r"the answer tells of error 500 \(Out of order\); it may be incomplete: run again",
    ),
    "JSON that is too much": (b'{"errors":{"code":413,"title":{"en":"Big"}}}', "narrow `key`"),
    "a column twice": (CSV % (b",TEA", b",GREEN"), "the column 'TEA' occurs twice"),
    "a column twice but for case": (
        CSV % (b",tea", b",BLACK"),
        "TEA is there twice, once as 'tea'",
    ),
    "an attribute twice but for case": (
        FORMATS["ml 2.1, flat"](FINE).replace(b'TEA="', b'tea="BLACK" TEA="'),
        "TEA is there twice",
    ),
    "a short row": (CSV.replace(b",1%s", b"%s") % (b"", b""), "Expected 6 columns, got 5"),
}


JSON = json.loads(FORMATS["json 1.0"](cube(row())))
ODD = {
    "a figure in place of a list": ("0:0:0", {"0": 12.5}, "the observation '0' is '12.5' and no list"),
    "a text in place of a list": ("0:0:0", {"0": "12"}, "the observation '0' is '12' and no list"),
    "nothing in place of a list": ("0:0:0", {"0": None}, "the observation '0' is 'None' and no list"),
    "a place that the structure lacks": ("0:0:0", {"7": [12.5, 0]}, "list index out of range"),
    "an observation with too many places": ("0:0:0", {"0:0": [12.5, 0]}, "the key '0:0' has not one place for each"),
    "a series with too many places": ("0:0:0:0", {"0": [12.5, 0]}, "the key '0:0:0:0' has not one place"),
    "a series with too few places": ("0:0", {"0": [12.5, 0]}, "the key '0:0' has not one place"),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_an_observation_of_json_that_is_none_is_refused(case):
    key, observations, says = ODD[case]
    series = {"series": {key: {"observations": observations}}}
    message = {"data": {**JSON["data"], "dataSets": [series]}}
    with pytest.raises(StatpipeError, match=re.escape(says)):
        read(json.dumps(message).encode())


@pytest.mark.parametrize("case", ONCE)
def test_errors_of_one_format_are_refused_with_their_place(case):
    body, says = ONCE[case]
    with pytest.raises(StatpipeError, match=says):
        read(body)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress,
        lambda body: b"\xef\xbb\xbf" + body,
        lambda body: body.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    ],
    ids=["gzip that no header tells of", "a mark of UTF-8", "UTF-16"],
)
def test_unusual_encodings_and_packages_are_read(packed, form):
    assert read(packed(FORMATS[form](FINE))).figures == read(FORMATS[form](FINE)).figures


@pytest.mark.parametrize("pack", [gzip.compress, zip_of])
def test_a_bomb_is_unpacked_up_to_the_limit_and_kept_as_received(pack, monkeypatch):
    monkeypatch.setattr(zipped, "LARGEST", 4 << 20)
    body = pack(b" " * (64 << 20))
    tracemalloc.start()
    with pytest.raises(
        StatpipeError, match="has more than 4,194,304 bytes; narrow `key`, or set `start`"
    ) as error:
        read(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20
    assert error.value.payload.body == body


def test_a_zip_that_lies_about_its_size_is_damaged():
    body = bytearray(zip_of(b" " * 1000))
    at = body.rindex(b"PK\x01\x02")
    body[at + 24 : at + 28] = (10).to_bytes(4, "little")
    with pytest.raises(StatpipeError, match=r"the zip cannot be read \("):
        read(bytes(body))


@pytest.mark.parametrize("form", FORMATS)
def test_gzip_in_several_pieces_is_read_whole(form):
    body = FORMATS[form](FINE)
    middle = len(body) // 2
    pieces = gzip.compress(body[:middle]) + gzip.compress(body[middle:])
    assert read(pieces).figures == read(body).figures


def test_a_bad_message_in_a_package_is_kept_as_received():
    body = gzip.compress(json.dumps({"meta": {}}).encode())
    with pytest.raises(StatpipeError, match="no member dataSets") as error:
        read(body)
    assert error.value.payload.body == body
