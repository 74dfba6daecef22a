"""Frequencies as services code them, and as their figures have them here."""

from __future__ import annotations

import attrs
import pytest

from statpipe.api import ContentError, Dataset, Payload
from statpipe.domain.seal import seal
from statpipe_sdmx.ml_structure import read_structure
from statpipe_sdmx.normalizer import SdmxNormalizer
from statpipe_sdmx.selection import selection_of
from support.sdmx_messages import FORMATS, TIME, VALUE, Cube, Listed, structure_message

CODES = {code: code for code in ("A", "S", "Q", "M", "D", "H", "A5", "OA", "_Z")}
FREQ = Listed(id="FREQ", name="Frequency", codes=CODES)
AREA = Listed(id="REF_AREA", name="Area", codes={"CN": "China"})


def read(freq, period, key="", form="csv 1.0"):
    """A figure as Silver has it."""
    row = {"FREQ": freq, "REF_AREA": "CN", TIME: period, VALUE: "1.5"}
    cube = Cube(flow="TEA", dimensions=(FREQ, AREA), rows=(row,))
    structure = Payload(
        name="structure", body=structure_message(cube), request={"flow": "TEA"}, structure=True
    )
    payloads = [structure, Payload(name="data", body=FORMATS[form](cube))]
    normalizer, bare = SdmxNormalizer(), Dataset(name="TEA", title="Tea", normalizer="sdmx")
    found = read_structure(structure, flow="TEA")
    asked = attrs.evolve(bare, selection=selection_of(found, found.area(), key))
    dataset = normalizer.describe(asked, payloads)
    (row,) = seal(normalizer.normalize(dataset, payloads), dataset, "2024-01-01").to_pylist()
    return row["freq"], row["time_period"], row["notes"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("with_key", [False, True])
@pytest.mark.parametrize(
    ("code", "period", "found"),
    [
        ("A", "2023", ("A", "2023", None)),
        ("S", "2023-S1", ("S", "2023-S1", None)),
        ("H", "2023-S1", ("S", "2023-S1", "FREQ: H")),
        ("H", "2023-H2", ("S", "2023-S2", "FREQ: H")),
        ("H", "2023-01-05T10:00:00", ("H", "2023-01-05T10:00:00", None)),
        ("A5", "2023", ("A", "2023", "FREQ: A5")),
        ("OA", "2023-Q4", ("Q", "2023-Q4", "FREQ: OA")),
        ("_Z", "2023-05-01", ("D", "2023-05-01", "FREQ: _Z")),
    ],
)
def test_a_code_that_statpipe_does_not_have_is_read_by_the_form_of_the_period(
    form, with_key, code, period, found
):
    assert read(code, period, f"{code}." if with_key else "", form) == found


def test_a_code_that_is_in_no_list_is_refused():
    with pytest.raises(ContentError, match="FREQ has the code 'X', which is not among the 9"):
        read("X", "2023")


def test_a_period_of_another_frequency_is_refused():
    with pytest.raises(ContentError, match="'2023-Q1' is not a period of frequency A"):
        read("A", "2023-Q1")
