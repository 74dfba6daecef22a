"""Messages as houses really write them: odd, but with one meaning; and those that only look complete."""

from __future__ import annotations

import gzip

import pytest

from statpipe.api import ContentError, Dataset, NoData, Payload, StatpipeError
from statpipe.domain.seal import seal
from statpipe_sdmx.data import read_data
from statpipe_sdmx.normalizer import SdmxNormalizer
from statpipe_sdmx.parts import TooMuch
from support.fake_sdmx import zipped
from support.sdmx_messages import FORMATS, TIME, VALUE, Cube, Listed, structure_message

FREQ = Listed(id="FREQ", name="Frequency", codes={"A": "Annual"})
AREA = Listed(id="REF_AREA", name="Area", codes={"CN": "China", "IN": "India"})
COMMENT = Listed(id="OBS_COM", name="Comment", series=False)


def row(area, value, comment=None):
    told = {"FREQ": "A", "REF_AREA": area, TIME: "2024", VALUE: value}
    return told if comment is None else told | {"OBS_COM": comment}


TEA = Cube(flow="TEA", dimensions=(FREQ, AREA), rows=(row("CN", "1.50"), row("IN", "27.25")))
NOTED = Cube(flow="TEA", dimensions=(FREQ, AREA), attributes=(COMMENT,), rows=())
CSV = FORMATS["csv 1.0"](TEA).decode()
ML = FORMATS["ml 2.1, series"](TEA).decode()


def read(*bodies, cube=TEA, charset=""):
    """What statpipe makes of messages: figures by area, as printed."""
    request = {"charset": charset} if charset else {}
    structure = Payload(
        name="structure",
        body=structure_message(cube),
        request={"flow": "TEA"},
        structure=True,
    )
    messages = [
        Payload(name=f"data-{number}", body=body, request=request)
        for number, body in enumerate(bodies, 1)
    ]
    normalizer = SdmxNormalizer()
    bare = Dataset(name="TEA", title="Tea", normalizer="sdmx")
    dataset = normalizer.describe(bare, [structure, *messages])
    return normalizer.normalize(dataset, [structure, *messages]).to_pylist()


def figures(*bodies, **told):
    return {row["ref_area"]: row["obs_value"] for row in read(*bodies, **told)}


def turned(text):
    """The same columns in another order."""
    return "".join(",".join(reversed(line.split(","))) + "\n" for line in text.splitlines())


HEADS = {
    "semicolons": CSV.replace(",", ";"),
    "tabs": CSV.replace(",", "\t"),
    "lower case": CSV.replace("DATAFLOW,FREQ,REF_AREA,TIME_PERIOD,OBS_VALUE", "dataflow,freq,ref_area,time_period,obs_value"),
    "lower case, 2.0": FORMATS["csv 2.0"](TEA).decode().replace("STRUCTURE,STRUCTURE_ID,ACTION", "structure,structure_id,action"),
    "another order": turned(CSV),
    "another order, 2.0": turned(FORMATS["csv 2.0"](TEA).decode()),
    "blanks behind the commas": CSV.replace("DATAFLOW,FREQ,REF_AREA", "DATAFLOW, FREQ, REF_AREA"),
    "blank lines": "\n\r\n" + CSV.replace("\n", "\n\n"),
    "lines that end with CR": CSV.replace("\n", "\r"),
    "lines that end with CRLF": CSV.replace("\n", "\r\n"),
    "names between quotes": CSV.replace("FREQ", '"FREQ"', 1),
}  # fmt: skip


@pytest.mark.parametrize("case", HEADS)
def test_a_csv_is_read_whatever_its_head_and_lines_look_like(case):
    assert figures(HEADS[case].encode()) == {"CN": "1.50", "IN": "27.25"}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("text", ["NaN", "nan", ":", ".."])
def test_what_says_that_there_is_no_figure_is_none_and_is_kept(form, text):
    cube = Cube(flow="TEA", dimensions=(FREQ, AREA), rows=(row("CN", "1.50"), row("IN", "9876.5")))
    body = FORMATS[form](cube).replace(b"9876.5", f'"{text}"'.encode() if "json" in form else text.encode())  # fmt: skip
    (_, india) = read(body)
    assert (india["obs_value"], india["obs_status"]) == (None, "O")
    assert india["source_symbol"] == text


@pytest.mark.parametrize(
    "text", ["-", "x", "...", "n/a", "NA", "1,50", "1 234", "27.25 p", ": c", "INF"]
)
def test_what_may_be_a_figure_or_not_is_no_missing_one(text):
    (_, india) = read(CSV.replace("27.25", f'"{text}"').encode())
    assert india["obs_value"] == text  # the seal refuses it with its cell


class TestACsvThatIsCut:
    """Nobody sees that its last figure is shorter, but for the end of the line that is not there."""

    @pytest.mark.parametrize("form", [name for name in FORMATS if name.startswith("csv")])
    @pytest.mark.parametrize("cut", [2, 3, 5])
    def test_it_is_refused(self, form, cut):
        with pytest.raises(
            ContentError, match=r"data-1: the CSV ends in the middle of a line.*run again"
        ):
            read(FORMATS[form](TEA)[:-cut])

    @pytest.mark.parametrize("pack", [gzip.compress, zipped])
    def test_a_package_says_itself_that_it_is_complete(self, pack):
        assert figures(pack(CSV.rstrip("\n").encode())) == {"CN": "1.50", "IN": "27.25"}


class TestAnotherEncoding:
    TEXT = FORMATS["csv 1.0"](
        Cube(flow="TEA", dimensions=(FREQ, AREA), attributes=(COMMENT,), rows=(row("CN", "1", "thé"),))
    ).decode()  # fmt: skip

    def test_it_is_read_if_the_service_names_it(self):
        (found,) = read(self.TEXT.encode("latin-1"), cube=NOTED, charset="iso-8859-1")
        assert found["notes"] == "thé"

    def test_a_service_that_names_another_than_it_sends_changes_nothing(self):
        (found,) = read(self.TEXT.encode(), cube=NOTED, charset="iso-8859-1")
        assert found["notes"] == "thé"

    @pytest.mark.parametrize(
        ("charset", "says"),
        [
            ("", r"data-1, line 2: not in UTF-8 \(.*\), and the service names no other encoding"),
            ("utf-8", "data-1: not in UTF-8, as it says"),
            ("klingon", "data-1: not in KLINGON, as it says"),
        ],
    )
    def test_else_it_is_refused_with_its_place(self, charset, says):
        with pytest.raises(ContentError, match=says):
            read(self.TEXT.encode("latin-1"), cube=NOTED, charset=charset)


EMPTY = {
    "csv": CSV.splitlines()[0] + "\n",
    "ml": ML[: ML.index("<Series")] + "</m:DataSet></m:StructureSpecificData>",
    "ml, series": ML[: ML.index("<Obs")] + "</Series></m:DataSet></m:StructureSpecificData>",
    "json": '{"dataSets": [], "structure": {"dimensions": {}}}',
}


@pytest.mark.parametrize("case", EMPTY)
def test_a_message_without_observations_is_an_empty_part(case):
    assert figures(CSV.encode(), EMPTY[case].encode()) == {"CN": "1.50", "IN": "27.25"}
    with pytest.raises(ContentError, match="dataset TEA: no observations in 1 messages"):
        read(EMPTY[case].encode())


def footer(code, severity):
    told = f'severity="{severity}"' if severity else ""
    return ML.replace(
        "</m:StructureSpecificData>",
        f'<f:Footer xmlns:f="f" xmlns:c="c"><f:Message code="{code}" {told}><c:Text>Sorry</c:Text>'
        "</f:Message></f:Footer></m:StructureSpecificData>",
    ).encode()


ERROR = (
    b'<m:Error xmlns:m="m" xmlns:c="c"><m:ErrorMessage code="%s"><c:Text>Sorry</c:Text>'
    b"</m:ErrorMessage></m:Error>"
)


@pytest.mark.parametrize(
    ("body", "error", "says"),
    [
        (footer("500", "Error"), ContentError, r"error 500 \(Sorry\); it may be incomplete"),
        (footer("500", ""), ContentError, r"error 500 \(Sorry\); it may be incomplete"),
        (footer("413", "Information"), TooMuch, "too large"),
        (footer("510", "Warning"), TooMuch, "too large"),
        (footer("130", ""), TooMuch, "too large"),
        (ERROR % b"100", NoData, r"data: the service has no data \(Sorry\); check `flow` and `key`"),
        (ERROR % b"140", ContentError, r"error 140 \(Sorry\)"),
        (ERROR % b"510", TooMuch, "too large"),
    ],
)  # fmt: skip
def test_what_a_message_tells_of_an_error_is_believed(body, error, says):
    with pytest.raises(StatpipeError, match=says) as raised:
        read_data(Payload(name="data", body=body))
    assert type(raised.value) is error


@pytest.mark.parametrize(("code", "severity"), [("0", ""), ("100", "Warning"), ("1", "Information")])  # fmt: skip
def test_a_remark_at_the_end_is_no_error(code, severity):
    assert figures(footer(code, severity)) == {"CN": "1.50", "IN": "27.25"}


@pytest.mark.parametrize("form", ["csv 1.0", "csv 2.0"])
@pytest.mark.parametrize(("told", "is_read"), [("(1.0)", True), ("(1)", True), ("(1.0.0)", True), ("", True), ("(1.1)", False), ("(2.0)", False)])  # fmt: skip
def test_figures_of_another_version_of_the_flow_are_refused(form, told, is_read):
    body = FORMATS[form](TEA).replace(b"(1.0)", told.encode())
    if is_read:
        assert figures(body) == {"CN": "1.50", "IN": "27.25"}
        return
    with pytest.raises(ContentError, match=r"figures of flow TEA:TEA\(.*run again; else set `vers"):
        read(body)


STATUS = Listed(id="OBS_STATUS", name="Status", series=False)
POWER = Listed(id="UNIT_MULT", name="Multiplier", series=False)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("told", "status", "symbol"),
    [
        ("P", "P", None),
        (" P ", "P", None),
        ("B;P", "B", "B;P"),
        ("B, P", "B", "B, P"),
        ("bp", "B", "bp"),
        ("d e", "D", "d e"),
    ],
)
def test_of_several_marks_the_first_counts_and_all_are_kept(form, told, status, symbol):
    cube = Cube(flow="TEA", dimensions=(FREQ, AREA), attributes=(STATUS,), rows=(row("CN", "1") | {"OBS_STATUS": told},))  # fmt: skip
    (found,) = read(FORMATS[form](cube), cube=cube)
    assert (found["obs_status"], found["source_symbol"]) == (status, symbol)


@pytest.mark.parametrize(("told", "power"), [("6", 6), ("06", 6), ("6.0", 6), ("-3", -3), ("", 0)])
def test_a_power_of_ten_may_be_written_as_houses_do(told, power):
    cube = Cube(flow="TEA", dimensions=(FREQ, AREA), attributes=(POWER,), rows=(row("CN", "1") | {"UNIT_MULT": told},))  # fmt: skip
    (found,) = read(FORMATS["csv 1.0"](cube), cube=cube)
    assert found["unit_mult"] == power


@pytest.mark.parametrize("code", ["REF_AREA", "TEA"])
def test_a_list_that_is_partial_by_its_own_word_may_lack_codes(code):
    tea = Listed(id="TEA", name="Kind of tea", codes={"G": "Green", "B": "Black"})
    rows = tuple(one | {"TEA": kind} for one, kind in zip(TEA.rows, "GB", strict=True))
    cube = Cube(flow="TEA", dimensions=(FREQ, AREA, tea), rows=rows)
    text = structure_message(cube).decode()
    lost = {"REF_AREA": ("IN", "India"), "TEA": ("B", "Black")}[code]
    entry = f'<s:Code id="{lost[0]}"><c:Name xml:lang="en">{lost[1]}</c:Name></s:Code>'
    assert entry in text
    structure = text.replace(entry, "").replace(f'id="CL_{code}" agency', f'id="CL_{code}" isPartial="true" agency')  # fmt: skip
    (china, india) = silver(structure.encode(), FORMATS["csv 1.0"](cube))
    names = {"REF_AREA": "geo_name", "TEA": "tea_name"}
    assert china[names[code]] == {"REF_AREA": "China", "TEA": "Green"}[code]
    assert india[names[code]] == lost[0]
    with pytest.raises(ContentError, match=f"{code} has the code '{lost[0]}', which is not among"):
        silver(structure.replace(' isPartial="true"', "").encode(), FORMATS["csv 1.0"](cube))


def silver(structure, body):
    """The rows of Silver, by the text of a structure."""
    told = Payload(name="structure", body=structure, request={"flow": "TEA"}, structure=True)
    payloads = [told, Payload(name="data", body=body)]
    normalizer, bare = SdmxNormalizer(), Dataset(name="TEA", title="Tea", normalizer="sdmx")
    dataset = normalizer.describe(bare, payloads)
    return seal(normalizer.normalize(dataset, payloads), dataset, "2024-01-01").to_pylist()


@pytest.mark.parametrize("form", [name for name in FORMATS if not name.startswith("csv")])
@pytest.mark.parametrize("before", [b"\n", b" \r\n\t"])
def test_white_space_before_a_message_means_nothing(form, before):
    assert figures(before + FORMATS[form](TEA)) == {"CN": "1.50", "IN": "27.25"}
    assert silver(before + structure_message(TEA), FORMATS[form](TEA))
