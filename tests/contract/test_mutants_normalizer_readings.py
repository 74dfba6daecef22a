"""A normalizer reads what stands there: whole codes and periods, and figures as the agency means them."""

import io
import json

import attrs
import pytest

from contract.caught import assert_caught, failures
from contract.rain import FIGURES, RAIN, RainNormalizer, payload_of
from contract.test_mutants_normalizer import said_of
from statpipe.testing import NormalizerContract


class ReadsAPage(RainNormalizer):
    def normalize(self, dataset, payloads):
        return super().normalize(dataset, payloads).slice(0, 1000)


class CutsCodes(RainNormalizer):
    def row(self, station, record):
        return super().row(station[:1], record)


class CutsPeriods(RainNormalizer):
    def row(self, station, record):
        return super().row(station, record | {"month": record["month"][:7]})


class LeavesTheThirteenthMonthOut(RainNormalizer):
    def rows(self, payload):
        return [row for row in super().rows(payload) if row["time_period"][5:] <= "12"]


class FillsAreasIn(RainNormalizer):
    """Takes the category of the record before, where there is none."""

    def rows(self, payload):
        document = json.loads(payload.body)
        before = {}
        for record in document.get("records", ()):
            before = record["what"] = record.get("what", before)
        return super().rows(attrs.evolve(payload, body=json.dumps(document).encode()))


class ReadsLatin(RainNormalizer):
    def rows(self, payload):
        document = json.loads(payload.body.decode("latin-1"))
        return [self.row(document["station"], record) for record in document["records"]]


class ReadsAsTheMachineDoes(RainNormalizer):
    def rows(self, payload):
        text = io.TextIOWrapper(io.BytesIO(payload.body)).read()
        return super().rows(attrs.evolve(payload, body=text.encode()))


class ReadsNullAsMissing(RainNormalizer):
    def row(self, station, record):
        return super().row(
            station, record | {"value": "*" if record["value"] is None else record["value"]}
        )


class ReadsOtherwise(RainNormalizer):
    """Reads figures that are written as ``odd`` by taking that off, and gives them a sign."""

    odd, sign = "", ""

    def number(self, text):
        plain = text.strip(self.odd) if text[:1].isdigit() or text[1:2].isdigit() else text
        return super().number(self.sign + plain if plain != text else text)


class TakesBracketsOff(ReadsOtherwise):
    odd = "()"


class TakesBracketsForAMinus(ReadsOtherwise):
    odd, sign = "()", "-"


class TakesAMinusBehind(ReadsOtherwise):
    def number(self, text):
        return super().number(f"-{text[:-1]}" if text[-1:] == "-" and text[:-1].isdigit() else text)


class TakesFlagsOff(ReadsOtherwise):
    odd = "prb*"


class TakesPercentOff(ReadsOtherwise):
    odd = " %"


class TakesCurrenciesOff(ReadsOtherwise):
    odd = "$"


class TakesBlanksOut(RainNormalizer):
    def number(self, text):
        return super().number(text.replace(" ", ""))


class TakesNanForMissing(RainNormalizer):
    def row(self, station, record):
        return super().row(
            station,
            record | {"value": "*" if str(record["value"]).lower() == "nan" else record["value"]},
        )


ANOTHER_WAY = "test_an_undocumented_notation_is_refused"

CAUGHT = {
    ReadsAPage: ("test_many_records_are_read_to_the_end", "comes for 1299 other years as well"),
    CutsCodes: (
        "test_a_new_code_is_not_left_out",
        "is still read as that of N rain 2024-01",
    ),
    CutsPeriods: (
        "test_an_invalid_period_is_refused",
        "is still read as that of N rain 2024-01",
    ),
    LeavesTheThirteenthMonthOut: ("test_an_invalid_period_is_refused", "is left out"),
    FillsAreasIn: (
        "test_a_renamed_field_is_not_lost_silently",
        "is left out of the record of the figure",
    ),
    ReadsLatin: (
        "test_text_that_cannot_be_decoded_is_not_replaced",
        "it is read in another encoding",
    ),
    ReadsAsTheMachineDoes: ("test_another_process_makes_the_same_table", "EncodingWarning"),
    ReadsNullAsMissing: (ANOTHER_WAY, "the payload says null, and the table says no figure [O]"),
    TakesNanForMissing: (ANOTHER_WAY, "the payload says nan, and the table says no figure [O]"),
    TakesBracketsOff: (ANOTHER_WAY, "the payload says (5), and the table says 5 [A]"),
    TakesBracketsForAMinus: (ANOTHER_WAY, "the payload says (5), and the table says -5 [A]"),
    TakesAMinusBehind: (ANOTHER_WAY, "the payload says 5-, and the table says -5 [A]"),
    TakesFlagsOff: (ANOTHER_WAY, "the payload says 5r, and the table says 5 [A]"),
    TakesPercentOff: (ANOTHER_WAY, "the payload says 5 %, and the table says 5 [A]"),
    TakesCurrenciesOff: (ANOTHER_WAY, "the payload says $5, and the table says 5 [A]"),
    TakesBlanksOut: (ANOTHER_WAY, "the payload says 5 3, and the table says 53 [A]"),
}


@pytest.mark.parametrize("mutant", CAUGHT)
def test_a_normalizer_that_reads_otherwise_is_caught(mutant):
    assert_caught(said_of(mutant(), CAUGHT[mutant][0]), *CAUGHT[mutant])


def said_if_documented(normalizer, notations):
    kind = type("Documented", (NormalizerContract,), {"notations": notations})
    return failures(
        kind,
        ANOTHER_WAY,
        normalizer=normalizer,
        dataset=RAIN,
        payloads=lambda: [payload_of("N"), payload_of("S")],
        figures=FIGURES,
    )


def test_what_is_documented_is_read_as_it_is_meant():
    assert said_if_documented(TakesBracketsForAMinus(), {"(5)": "-5"}) == {}
    told = said_if_documented(TakesBracketsOff(), {"(5)": "-5"})[ANOTHER_WAY]
    assert "the payload says (5), and the table says 5; `notations` says -5" in told
    told = said_if_documented(RainNormalizer(), {"(5)": "-5"})[ANOTHER_WAY]
    assert "the table says nothing: it is refused; `notations` says -5" in told
