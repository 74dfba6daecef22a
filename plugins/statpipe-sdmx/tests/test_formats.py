"""One cube, written in every format, is read back as the same table."""

from __future__ import annotations

import io
import json
import re
import zipfile

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.api import ContentError, Dataset, Payload, Rejected
from statpipe.domain.seal import seal
from statpipe_sdmx.normalizer import SdmxNormalizer
from support.sdmx_messages import FORMATS, TIME, VALUE, Cube, Listed, structure_message

FLOW = "DF_TRADE"


def silver(cube: Cube, form: str, *, urns: bool = False) -> list[dict[str, object]]:
    """What statpipe makes of a cube that is sent in a format."""
    payloads = [
        Payload(
            name="structure",
            body=structure_message(cube, urns=urns),
            request={"flow": cube.flow},
            structure=True,
        ),
        Payload(name="data", body=FORMATS[form](cube)),
    ]
    normalizer = SdmxNormalizer()
    dataset = normalizer.describe(Dataset(name=FLOW, title=FLOW, normalizer="sdmx"), payloads)
    table = seal(normalizer.normalize(dataset, payloads), dataset, "2026-01-01")
    keys = ("ref_area", "category", "freq", "time_period")
    return sorted(table.to_pylist(), key=lambda row: [row[name] for name in keys])


FREQ = Listed(id="FREQ", name="Frequency", codes={"A": "Annual", "M": "Monthly"})
AREA = Listed(id="REF_AREA", name="Area", codes={"CN": "China", "IN": "India", "KE": "Kenya"})
TEA = Listed(id="TEA", name="Kind of tea", codes={"G": "Green, loose", "B": 'Black "CTC" & others'})
UNIT = Listed(id="UNIT_MEASURE", name="Unit", codes={"T": "Tonnes", "USD": "US dollars"})
POWER = Listed(id="UNIT_MULT", name="Multiplier")
STATUS = Listed(id="OBS_STATUS", name="Status", series=False)
COMMENT = Listed(id="OBS_COM", name="Comment", series=False)
TITLE = Listed(id="TITLE", name="Title")


def row(area="CN", tea="G", period="2024", value="12.50", **told):
    """An observation."""
    key = {"FREQ": "M" if "-" in period else "A", "REF_AREA": area, "TEA": tea}
    fixed = {"UNIT_MEASURE": "T", "UNIT_MULT": "3", "OBS_STATUS": "A"}
    found = key | {TIME: period, VALUE: value} | fixed | told
    return {name: text for name, text in found.items() if text is not None}


def cube(*rows):
    """A cube of tea."""
    told = (UNIT, POWER, TITLE, STATUS, COMMENT)
    return Cube(dimensions=(FREQ, AREA, TEA), attributes=told, rows=rows)


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_gives_the_figures_as_printed_with_names_units_and_marks(form):
    found = silver(
        cube(
            row(value="12.50"),
            row(period="2025", value="-0.0000001", OBS_STATUS="P", OBS_COM="Early, <small>"),
            row(area="KE", tea="B", period="2024-05", value="7", TITLE='Exports "by sea"'),
        ),
        form,
    )
    shown = [
        (r["ref_area"], r["geo_name"], r["category"], r["category_name"], r["time_period"])
        for r in found
    ]
    assert shown == [
        ("CN", "China", "G", "Green, loose", "2024"),
        ("CN", "China", "G", "Green, loose", "2025"),
        ("KE", "Kenya", "B", 'Black "CTC" & others', "2024-05"),
    ]
    assert [(f"{r['obs_value']:f}"[:12], r["decimals"]) for r in found] == [
        ("12.500000000", 2),
        ("-0.000000100", 7),
        ("7.0000000000", 0),
    ]
    assert [r["obs_status"] for r in found] == ["A", "P", "A"]
    assert [r["notes"] for r in found] == [None, "Early, <small>", 'TITLE: Exports "by sea"']
    assert {(r["unit_measure"], r["unit_mult"]) for r in found} == {("Tonnes", 3)}
    assert [r["freq"] for r in found] == ["A", "A", "M"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("told", "status", "symbol"),
    [
        ({"value": None, "OBS_STATUS": "M"}, "M", None),
        ({"value": None, "OBS_STATUS": None}, "O", None),
        ({"value": None, "OBS_STATUS": "A"}, "O", None),
    ],
)
def test_a_missing_figure_has_a_reason(form, told, status, symbol):
    (_, missing) = silver(cube(row(), row(period="2025", **told)), form)
    assert (missing["obs_value"], missing["obs_status"]) == (None, status)
    assert missing["source_symbol"] == symbol


@pytest.mark.parametrize("form", [name for name in FORMATS if not name.startswith("json")])
def test_the_symbol_of_a_missing_figure_is_kept(form):
    (_, missing) = silver(cube(row(), row(period="2025", value="NaN", OBS_STATUS="H")), form)
    assert (missing["obs_value"], missing["obs_status"]) == (None, "H")
    assert missing["source_symbol"] == "NaN"


def test_references_may_be_urns():
    tea = cube(row(), row(area="IN", tea="B"))
    assert silver(tea, "csv 1.0", urns=True) == silver(tea, "csv 1.0")


texts = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="\u2028\u2029"), max_size=8
).map(lambda text: text.replace(":", ": ").strip())
figures = st.one_of(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9
    ).map(lambda d: f"{d:f}"),
    st.just(None),
)


@st.composite
def cubes(draw):
    """Cubes of one to twelve observations, each key once."""
    keys = draw(
        st.lists(
            st.tuples(
                st.sampled_from(sorted(AREA.codes)),
                st.sampled_from(sorted(TEA.codes)),
                st.sampled_from(["2022", "2023", "2024-01", "2024-12"]),
            ),
            min_size=1,
            max_size=12,
            unique=True,
        )
    )
    series = {}
    rows = []
    for area, tea, period in keys:
        of = (area, tea, "-" in period)
        series.setdefault(of, (draw(st.sampled_from("03")), draw(texts)))
        power, title = series[of]
        rows.append(
            row(
                area,
                tea,
                period,
                draw(figures),
                UNIT_MULT=power,
                TITLE=title or None,
                OBS_STATUS=draw(st.sampled_from(["P", "E", "M"])),
                OBS_COM=draw(texts) or None,
            )
        )
    return cube(*rows)


@given(cubes())
def test_any_cube_is_read_back_equal_from_every_format(made):
    first, *others = FORMATS
    wanted = silver(made, first)
    assert len(wanted) == len(made.rows)
    for form in others:
        assert silver(made, form) == wanted, form


class TestWhatHousesDoDifferently:
    """Each of these is the way of a real service."""

    def read(self, body, made=None):
        made = made or cube(row())
        payloads = [
            Payload(
                name="structure",
                body=structure_message(made),
                request={"flow": made.flow},
                structure=True,
            ),
            Payload(name="data", body=body),
        ]
        normalizer = SdmxNormalizer()
        dataset = normalizer.describe(Dataset(name=FLOW, title=FLOW, normalizer="sdmx"), payloads)
        return seal(normalizer.normalize(dataset, payloads), dataset, "2026-01-01").to_pylist()

    def test_eurostat_has_lower_case_identifiers_and_its_own_flags(self):
        body = (
            b"DATAFLOW,LAST UPDATE,freq,ref_area,tea,TIME_PERIOD,OBS_VALUE,OBS_FLAG\r\n"
            b"ESTAT:DF_TRADE(1.0),20/11/26 11:00:00,A,CN,G,2023,12.5,p\r\n"
            b"ESTAT:DF_TRADE(1.0),20/11/26 11:00:00,A,CN,G,2024,12.50,bp\r\n"
            b"ESTAT:DF_TRADE(1.0),20/11/26 11:00:00,A,CN,G,2025,,c\r\n"
        )
        found = self.read(body, attrs.evolve(cube(row()), attributes=()))
        assert [(r["obs_status"], r["source_symbol"]) for r in found] == [
            ("P", "p"),
            ("B", "bp"),
            ("Q", "c"),
        ]

    def test_the_first_column_may_be_the_key(self):
        body = (
            b"KEY,FREQ,REF_AREA,TEA,TIME_PERIOD,OBS_VALUE,OBS_STATUS\r\n"
            b"EXR.A.CN.G,A,CN,G,2023,1.088295652173913,A\r\n"
        )
        (found,) = self.read(body)
        assert (found["decimals"], found["notes"]) == (15, None)

    def test_attributes_of_several_values_or_languages_are_kept(self):
        body = FORMATS["ml 2.1, series"](cube(row(TITLE=None))).decode()
        title = '<Comp id="TITLE"><Value>Green tea</Value><Value>\n  in chests </Value></Comp>'
        note = (
            '<Comp id="OBS_COM"><Value><c:StructuredText xmlns:c="c" xml:lang="en">Early'
            "</c:StructuredText></Value></Comp>"
        )
        body = re.sub(r"(<Series [^>]*>)", rf"\1{title}", body)
        body = re.sub(r"(<Obs [^>]*)/>", rf"\1>{note}</Obs>", body)
        (found,) = self.read(body.encode())
        assert found["notes"] == "TITLE: Green tea; in chests; Early"

    def test_a_zip_with_one_message_is_read(self):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("data.xml", FORMATS["ml 2.1, series"](cube(row())))
        assert self.read(file.getvalue()) == self.read(FORMATS["csv 1.0"](cube(row())))

    @pytest.mark.parametrize("names", [(), ("a", "b")])
    def test_a_zip_without_exactly_one_file_is_refused(self, names):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name in names:
                archive.writestr(name, b"x")
            archive.comment = b"x"
        body = file.getvalue()
        if not names:
            body = b"PK\x03\x04" + body
        with pytest.raises(ContentError, match="the zip cannot be read"):
            self.read(body)

    def test_a_flow_without_further_dimensions_has_one_category_with_its_title(self):
        rows = [{n: t for n, t in row().items() if n != "TEA"}]
        made = attrs.evolve(cube(*rows), dimensions=(FREQ, AREA))
        (found,) = self.read(FORMATS["csv 1.0"](made), made)
        assert (found["category"], found["category_name"]) == ("_Z", "Tea trade")

    def test_codes_with_points_are_joined_by_colons(self):
        tea = attrs.evolve(TEA, codes={"01.1": "Green", "01.2": "Black"})
        made = attrs.evolve(cube(row(tea="01.1")), dimensions=(FREQ, AREA, tea, PACKED))
        made = attrs.evolve(made, rows=tuple(one | {"PACKED": "B"} for one in made.rows))
        (found,) = self.read(FORMATS["csv 1.0"](made), made)
        assert (found["category"], found["category_name"]) == ("01.1:B", "Green, Bags")

    def test_a_flow_without_a_frequency_dimension_takes_it_from_its_periods(self):
        rows = [row(period="2024"), row(period="2024-Q1"), row(period="2024-05-31")]
        made = attrs.evolve(
            cube(*({n: t for n, t in one.items() if n != "FREQ"} for one in rows)),
            dimensions=(AREA, TEA),
        )
        found = self.read(FORMATS["csv 2.0"](made), made)
        assert {r["time_period"]: r["freq"] for r in found} == {
            "2024": "A",
            "2024-Q1": "Q",
            "2024-05-31": "D",
        }

    @pytest.mark.parametrize("form", FORMATS)
    def test_a_dimension_may_have_the_name_of_a_message_attribute(self, form):
        kinds = [Listed(id=one, name=one, codes={"x": "X"}) for one in ("type", "action", "setID")]
        made = attrs.evolve(cube(row()), dimensions=(FREQ, AREA, TEA, *kinds))
        more = {one.id: "x" for one in kinds}
        made = attrs.evolve(made, rows=tuple(one | more for one in made.rows))
        (found,) = self.read(FORMATS[form](made), made)
        assert found["category"] == "G.x.x.x"

    @pytest.mark.parametrize("form", FORMATS)
    def test_a_second_unit_attribute_is_kept_in_the_notes(self, form):
        second = Listed(id="UNIT", name="Unit", codes={"KG": "Kilograms"})
        made = attrs.evolve(cube(row()), attributes=(UNIT, POWER, second, STATUS))
        made = attrs.evolve(made, rows=tuple(one | {"UNIT": "KG"} for one in made.rows))
        (found,) = self.read(FORMATS[form](made), made)
        assert (found["unit_measure"], found["notes"]) == ("Tonnes", "UNIT: KG")

    def test_json_without_unused_attributes_is_read(self):
        document = json.loads(FORMATS["json 1.0"](cube(row())))
        listed = document["data"]["structure"]["attributes"]["observation"]
        listed.insert(0, {"id": "NEVER", "values": []})
        del listed[2:]
        for series in document["data"]["dataSets"][0]["series"].values():
            for observation in series["observations"].values():
                del observation[2:]
        (found,) = self.read(json.dumps(document).encode())
        assert found["obs_status"] == "A"

    def test_csv_without_figures_is_only_read_if_it_deletes(self):
        body = b"STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,TEA,TIME_PERIOD\r\ndataflow,T:DF_TRADE(1.0),D,A,CN,,\r\n"
        assert self.read(body) == []

    def test_rows_that_merge_and_delete_apply_in_their_order(self):
        body = (
            b"STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,TEA,TIME_PERIOD,OBS_VALUE,OBS_STATUS\r\n"
            b"dataflow,T:DF_TRADE(1.0),R,A,CN,G,2023,12.5,P\r\n"
            b"dataflow,T:DF_TRADE(1.0),R,A,IN,G,2023,7.5,A\r\n"
            b"dataflow,T:DF_TRADE(1.0),M,A,CN,G,2023,13.0,\r\n"
            b"dataflow,T:DF_TRADE(1.0),D,A,IN,,,,\r\n"
        )
        (found,) = self.read(body)
        assert (found["ref_area"], float(found["obs_value"]), found["obs_status"]) == (
            "CN",
            13,
            "P",
        )

    @pytest.mark.parametrize("form", ["ml 2.1, series", "json 1.0"])
    def test_a_deleting_data_set_ends_figures_of_the_one_before(self, form):
        first, second = (row(), row(area="IN")), (row(area="IN"),)
        body, gone = FORMATS[form](cube(*first)).decode(), FORMATS[form](cube(*second)).decode()
        if form.startswith("ml"):
            inner = gone[gone.index("<m:DataSet") : gone.index("</m:StructureSpecificData>")]
            inner = inner.replace('action="Replace"', 'ss:action="Delete"')
            body = body.replace("</m:StructureSpecificData>", f"{inner}</m:StructureSpecificData>")
        else:
            document = json.loads(body)
            copy = json.loads(json.dumps(document["data"]["dataSets"][0])) | {"action": "Delete"}
            copy["series"] = {"0:1:0": copy["series"]["0:1:0"]}
            document["data"]["dataSets"].append(copy)
            body = json.dumps(document)
        (found,) = self.read(body.encode())
        assert found["ref_area"] == "CN"

    @pytest.mark.parametrize("form", ["csv 2.0", "ml 2.1, series", "ml 2.1, flat", "json 2.0"])
    def test_each_of_several_measures_is_a_category(self, form):
        kinds = (Listed(id="WEIGHT", name="Weight"), Listed(id="PRICE", name="Price"))
        told = [{"WEIGHT": "12.5", "PRICE": "3"}, {"WEIGHT": "13.5"}, {}]
        rows = [
            {name: text for name, text in row(period=f"202{n}", **one).items() if name != VALUE}
            for n, one in enumerate(told)
        ]
        made = attrs.evolve(cube(*rows), measures=kinds)
        found = {
            (r["category"], r["time_period"]): r["obs_value"] and float(r["obs_value"])
            for r in self.read(FORMATS[form](made), made)
        }
        assert found == {
            ("G.WEIGHT", "2020"): 12.5,
            ("G.PRICE", "2020"): 3.0,
            ("G.WEIGHT", "2021"): 13.5,
            ("G.WEIGHT", "2022"): None,
            ("G.PRICE", "2022"): None,
        }
        names = {r["category_name"] for r in self.read(FORMATS[form](made), made)}
        assert names == {"Green, loose, Weight", "Green, loose, Price"}

    def test_a_single_measure_may_have_any_name(self):
        made = attrs.evolve(
            cube(row(WEIGHT="12.5", OBS_VALUE=None)), measures=(Listed(id="WEIGHT", name="Weight"),)
        )
        (found,) = self.read(FORMATS["csv 2.0"](made), made)
        assert (found["category"], float(found["obs_value"])) == ("G", 12.5)

    @pytest.mark.parametrize("flat", [False, True])
    def test_json_may_have_attributes_of_groups(self, flat):
        rows = [row(area=area, tea=tea, TITLE=None) for area in ("CN", "IN") for tea in ("G", "B")]
        document = json.loads(FORMATS["json 2.0"](cube(*rows)))
        (structure,), (dataset,) = document["data"]["structures"], document["data"]["dataSets"]
        dimensions, attributes = structure["dimensions"], structure["attributes"]
        attributes["dimensionGroup"] = [{"id": "TITLE"}, {"id": "COLOUR", "values": [{"id": "X"}]}]
        place = {one["id"]: [v["id"] for v in one["values"]].index for one in dimensions["series"]}
        india, green = place["REF_AREA"]("IN"), place["TEA"]("G")
        dataset["dimensionGroupAttributes"] = {
            f":{india}::": [{"en": "From India", "fr": "D'Inde"}, None],
            f"::{green}:": [None, 0],
            ":::": [None, None],
        }
        if flat:
            dimensions["observation"] = [*dimensions.pop("series"), *dimensions["observation"]]
            attributes["observation"] = [*attributes.pop("series"), *attributes["observation"]]
            dataset["observations"] = {
                f"{key}:{time}": [values[0], *series["attributes"], *values[1:]]
                for key, series in dataset.pop("series").items()
                for time, values in series["observations"].items()
            }
        found = {
            (r["ref_area"], r["tea"]): r["notes"] for r in self.read(json.dumps(document).encode())
        }
        assert found == {
            ("CN", "B"): None,
            ("CN", "G"): "COLOUR: X",
            ("IN", "B"): "TITLE: From India",
            ("IN", "G"): "TITLE: From India; COLOUR: X",
        }

    def test_json_may_have_values_without_a_list(self):
        document = json.loads(FORMATS["json 2.0"](cube(row(OBS_COM="5"))))
        (structure,) = document["data"]["structures"]
        *_, comment = structure["attributes"]["observation"]
        assert comment["id"] == "OBS_COM"
        del comment["values"]
        for series in document["data"]["dataSets"][0]["series"].values():
            for values in series["observations"].values():
                values[-1] = ["Early", {"en": "and small"}, 7]
        (found,) = self.read(json.dumps(document).encode())
        assert found["notes"] == "Early; and small; 7"

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (b"", "is empty; expected an SDMX message"),
            (b"<html><body>Down</body></html>", "without a data set"),
            (b"<a", "not valid XML"),
            (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "declares a document type"),
            (b"{}", "expected SDMX-JSON with data"),
            (b"year,value\r\n2024,1\r\n", "the first column is 'year'"),
            (b"DATAFLOW,FREQ,FREQ,OBS_VALUE\r\n", "the column 'FREQ' occurs twice"),
            (b"DATAFLOW,REF_AREA,TEA,TIME_PERIOD,OBS_VALUE\r\nT:DF_TRADE(1.0),CN,G,2024,1\r\n", "no column or attribute FREQ"),
            (b"DATAFLOW,FREQ,REF_AREA,TEA,TIME_PERIOD,OBS_VALUE\r\nT:OTHER(1.0),A,CN,G,2024,1\r\n", "figures of flow T:OTHER(1.0)"),
            (b"DATAFLOW,FREQ,REF_AREA,TEA,TIME_PERIOD,OBS_VALUE\r\nT:DF_TRADE(1.0),A,CN,G,2024,1\r\nT:OTHER(1.0),A,CN,G,2025,1\r\n", "figures of flow T:OTHER(1.0)"),
            (b"DATAFLOW,FREQ,REF_AREA,TEA,TIME_PERIOD,OBS_VALUE\r\nT:DF_TRADE(1.0),A,CN,G\r\n", "expected SDMX-CSV"),
            (b"DATAFLOW,FREQ,REF_AREA,TEA,TIME_PERIOD,OBS_STATUS\r\nT:DF_TRADE(1.0),A,CN,G,2024,A\r\n", "no column or attribute OBS_VALUE"),
            (b"STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,TEA,TIME_PERIOD,OBS_VALUE\r\ndataflow,T:DF_TRADE(1.0),X,A,CN,G,2024,1\r\n", (
                "'X' is not a valid action"
            )),
        ],
    )  # fmt: skip
    def test_a_message_of_another_flow_is_refused_with_its_payload(self, body, says):
        with pytest.raises(ContentError) as error:
            self.read(body)
        assert says in str(error.value)
        assert str(error.value).startswith("payload data")
        assert error.value.payload.body == body

    def test_a_message_with_an_error_at_its_end_is_refused(self):
        body = FORMATS["ml 2.1, series"](cube(row()))
        footer = (
            b'<m:Footer><m:Message code="%s" severity="Error"><c:Text xmlns:c="c">Only a part</c:Text>'
            b"</m:Message></m:Footer></m:StructureSpecificData>"
        )
        for code, kind, says in (
            (b"500", ContentError, "ends with error 500 (Only a part); it may be incomplete"),
            (b"413", Rejected, "says that the request is too large (Only a part); narrow `key`"),
        ):
            end = footer % code
            with pytest.raises(kind) as error:
                self.read(body.replace(b"</m:StructureSpecificData>", end))
            assert says in str(error.value)


PACKED = Listed(id="PACKED", name="Packing", codes={"B": "Bags"})
