"""The contract of normalizers is worth something: each of these broken ones is caught."""

import json
import os
import random
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import attrs
import pyarrow as pa
import pytest

from contract.caught import assert_caught, failures
from contract.rain import FIGURES, RAIN, RainNormalizer, payload_of
from statpipe.api import ContentError, observations_from_rows
from statpipe.testing import NormalizerContract


class ReadsTheClock(RainNormalizer):
    def rows(self, payload):
        today = f"{datetime.now(UTC):%Y-%m}"
        return [row for row in super().rows(payload) if row["time_period"] <= today]


class WritesTheTime(RainNormalizer):
    def row(self, station, record):
        return super().row(station, record) | {"notes": str(datetime.now(UTC))}


class RollsDice(RainNormalizer):
    def row(self, station, record):
        return super().row(station, record) | {"notes": random.choice("abcdefgh" * 99)}


class OrdersByHash(RainNormalizer):
    def row(self, station, record):
        # So many words that no two hash seeds put them into one order by chance.
        words = {f"word{number}" for number in range(20)}
        return super().row(station, record) | {"notes": " ".join(words)}


class ReadsTheEnvironment(RainNormalizer):
    def rows(self, payload):
        return [] if os.environ.get("RAIN_OFF") else super().rows(payload)


class ReadsAFile(RainNormalizer):
    def rows(self, payload):
        Path("/etc/hostname").read_bytes()
        return super().rows(payload)


class CannotTravel(RainNormalizer):
    def __init__(self):
        self.to_number = lambda text: Decimal(text)


class LeavesOutMissing(RainNormalizer):
    def rows(self, payload):
        return [row for row in super().rows(payload) if row["obs_value"] is not None]


class SuppressedIsZero(RainNormalizer):
    def row(self, station, record):
        row = super().row(station, record)
        return row | {"obs_value": row["obs_value"] or Decimal(0), "obs_status": "A"}


class ReadsAHundredRecords(RainNormalizer):
    def normalize(self, dataset, payloads):
        return super().normalize(dataset, payloads).slice(0, 100)


class ReadsTwoPayloads(RainNormalizer):
    def normalize(self, dataset, payloads):
        return super().normalize(dataset, payloads[:2])


class KnowsTwoKinds(RainNormalizer):
    def rows(self, payload):
        return [row for row in super().rows(payload) if row["category"] in {"rain", "snow"}]


class KnowsTwoStations(RainNormalizer):
    def rows(self, payload):
        return [row for row in super().rows(payload) if row["ref_area"] in {"N", "S"}]


class LeavesOldYearsOut(RainNormalizer):
    def rows(self, payload):
        return [row for row in super().rows(payload) if row["time_period"] > "1990"]


class TakesAnyGrouping(RainNormalizer):
    def number(self, text):
        return Decimal(text.replace(",", ""))


class Rounds(RainNormalizer):
    def number(self, text):
        return round(super().number(text), 1)


class TakesZerosOff(RainNormalizer):
    def number(self, text):
        return super().number(text).normalize()


class ThinksInFloats(RainNormalizer):
    def number(self, text):
        return Decimal(repr(float(super().number(text))))


class ReturnsFloats(RainNormalizer):
    def normalize(self, dataset, payloads):
        table = super().normalize(dataset, payloads)
        place = table.column_names.index("obs_value")
        return table.set_column(place, "obs_value", table["obs_value"].cast(pa.float64()))


class ForgetsTheMonth(RainNormalizer):
    def row(self, station, record):
        return super().row(station, record) | {"time_period": "2024-01"}


class LeavesOutBadRows(RainNormalizer):
    def rows(self, payload):
        document = json.loads(payload.body)
        rows = []
        for record in document["records"]:
            try:
                rows.append(self.row(document["station"], record))
            except Exception:
                continue
        return rows


class SkipsBadPayloads(RainNormalizer):
    def normalize(self, dataset, payloads):
        rows = []
        for payload in payloads:
            try:
                rows += self.rows(payload)
            except ContentError:
                continue
        return dataset.selection.rows_of(observations_from_rows(rows))


class TrustsWhatArrives(RainNormalizer):
    def rows(self, payload):
        document = json.loads(payload.body)
        return [self.row(document["station"], record) for record in document["records"]]


class TakesAnyMarkerAsMissing(RainNormalizer):
    def row(self, station, record):
        try:
            return super().row(station, record)
        except ValueError:
            return super().row(station, record | {"value": "*"})


class ReadsWithDefaults(RainNormalizer):
    def row(self, station, record):
        return super().row(station, {"value": "*", **record})


class KeepsTheLast(RainNormalizer):
    def rows(self, payload):
        by_key = {(r["category"], r["time_period"]): r for r in super().rows(payload)}
        return list(by_key.values())


class RemembersPayloads(RainNormalizer):
    def __init__(self):
        self.memory = {}

    def rows(self, payload):
        if payload.name not in self.memory:
            self.memory[payload.name] = super().rows(payload)
        return self.memory[payload.name]


class IgnoresTheSelection(RainNormalizer):
    def normalize(self, dataset, payloads):
        return observations_from_rows([r for p in payloads for r in self.rows(p)])


class TakesNothingForARelease(RainNormalizer):
    def normalize(self, dataset, payloads):
        if payloads:
            return super().normalize(dataset, payloads)
        return observations_from_rows([])


class NamesNoPayload(RainNormalizer):
    def rows(self, payload):
        try:
            return super().rows(payload)
        except ContentError:
            raise ContentError("this is not right") from None


class WritesOnPayloads(RainNormalizer):
    def rows(self, payload):
        payload.request["read"] = "yes"
        return super().rows(payload)


class AddsWhatWasBefore(RainNormalizer):
    def __init__(self):
        self.seen = 0

    def row(self, station, record):
        self.seen += 1
        return super().row(station, record) | {"notes": str(self.seen)}


class NotesWhenItCame(RainNormalizer):
    def rows(self, payload):
        return [row | {"notes": str(payload.retrieved)} for row in super().rows(payload)]


class GivesAnyReason(RainNormalizer):
    def row(self, station, record):
        row = super().row(station, record)
        return row | {"obs_status": "gone" if row["obs_value"] is None else "A"}


class GivesNoReason(RainNormalizer):
    def row(self, station, record):
        return super().row(station, record) | {"obs_status": "A"}


class SwapsReasons(RainNormalizer):
    def row(self, station, record):
        made = super().row(station, record)
        return made | {"obs_status": {"O": "Q", "Q": "O"}.get(made["obs_status"], "A")}


class SaysAllIsEstimated(RainNormalizer):
    def row(self, station, record):
        made = super().row(station, record)
        return made | {"obs_status": "E" if made["obs_status"] == "A" else made["obs_status"]}


class ForgetsTheMarker(RainNormalizer):
    def row(self, station, record):
        return super().row(station, record) | {"source_symbol": None}


class LosesTheSign(RainNormalizer):
    def number(self, text):
        return abs(super().number(text))


class TakesABlankForMissing(RainNormalizer):
    def row(self, station, record):
        return super().row(station, record if record["value"] else record | {"value": "*"})


class ReadsTheFirstPayload(RainNormalizer):
    def normalize(self, dataset, payloads):
        seen = {p.body.split(b",")[0]: p for p in reversed(payloads)}
        return super().normalize(dataset, list(seen.values()))


class ReadsTheLastPayload(RainNormalizer):
    def normalize(self, dataset, payloads):
        seen = {p.body.split(b",")[0]: p for p in payloads}
        return super().normalize(dataset, list(seen.values()))


class TakesNumbersToo(RainNormalizer):
    def row(self, station, record):
        return super().row(station, record | {"value": str(record["value"])})


class RoundsToSix(RainNormalizer):
    def number(self, text):
        return round(super().number(text), 6)


class NotesWhatIsFine(RainNormalizer):
    def row(self, station, record):
        return super().row(station, record) | {"notes": "checked"}


class CountsRecords(RainNormalizer):
    """Takes what is measured from where a record stands."""

    def rows(self, payload):
        rows = super().rows(payload)
        in_order = ["rain", "snow", "rain"]
        if [row["category"] for row in rows] == in_order[: len(rows)]:
            return rows
        return [row | {"category": c} for row, c in zip(rows, in_order, strict=False)]


class DecodesWithReplacements(RainNormalizer):
    def rows(self, payload):
        text = payload.body.decode(errors="replace")
        return super().rows(attrs.evolve(payload, body=text.encode()))


CAUGHT = {
    TakesZerosOff: (
        "test_a_trailing_zero_is_kept",
        "the payload says 7.50 for N rain 2024-01, and the table says that it is printed with 1 decimals",
    ),
    DecodesWithReplacements: (
        "test_text_that_cannot_be_decoded_is_not_replaced",
        "ends in the byte 0xff, and the table says 'N\ufffd' in column ref_area: what stood there",
    ),
    RoundsToSix: (
        "test_a_long_figure_keeps_every_digit",
        "the payload says 0.123456789012345678 for N rain 2024-01, and the table says 0.123457",
    ),
    NotesWhatIsFine: (
        "test_figures_have_the_agencys_notes",
        "N rain 2024-01 has the note 'checked'; expected None",
    ),
    CountsRecords: (
        "test_records_in_another_order_give_the_same_table",
        "have changed places, and the table changes: ",
    ),
    ReadsTheClock: ("test_only_the_payloads_are_read", "clock: datetime.now()"),
    WritesTheTime: ("test_the_same_payloads_give_the_same_table", "other names or notes"),
    RollsDice: ("test_only_the_payloads_are_read", "chance: random."),
    OrdersByHash: ("test_another_process_makes_the_same_table", "PYTHONHASHSEED"),
    ReadsTheEnvironment: ("test_only_the_payloads_are_read", "os.environ"),
    ReadsAFile: ("test_only_the_payloads_are_read", "the file /etc/hostname"),
    CannotTravel: ("test_another_process_makes_the_same_table", "sent to another process"),
    LeavesOutMissing: ("test_the_example_is_read_as_printed", "has no such row"),
    SuppressedIsZero: ("test_the_example_is_read_as_printed", "the table says 0"),
    Rounds: ("test_the_example_is_read_as_printed", "prints 1852.25 for N rain"),
    ReadsTwoPayloads: ("test_no_payload_is_skipped", "and the normalizer passes them over"),
    ReadsAHundredRecords: ("test_many_records_are_read_to_the_end", "other years as well, and "),
    KnowsTwoKinds: (
        "test_a_new_code_is_not_left_out",
        "there is the code rainqq instead of rain in the payloads, and the row of the figure 1,852.25",
    ),
    KnowsTwoStations: (
        "test_a_new_code_is_not_left_out",
        "there is the code Nqq instead of N in the payloads, and the row of the figure 1,852.25",
    ),
    LeavesOldYearsOut: (
        "test_many_records_are_read_to_the_end",
        "in the table, such as N rain 1000-01",
    ),
    TakesAnyGrouping: ("test_a_misplaced_separator_is_refused", "and the table says 123\n"),
    SwapsReasons: (
        "test_figures_have_the_agencys_status_and_symbol",
        "N snow 2024-01 has (obs_status, source_symbol) ('Q', '*')",
    ),
    SaysAllIsEstimated: (
        "test_figures_have_the_agencys_status_and_symbol",
        "('E', None); expected ('A', None)",
    ),
    ForgetsTheMarker: (
        "test_figures_have_the_agencys_status_and_symbol",
        "('O', None); expected ('O', '*')",
    ),
    LosesTheSign: (
        "test_a_changed_figure_in_the_payload_changes_in_the_table",
        ", in the table: N rain 2024-01 was -1852.25",
    ),
    TakesABlankForMissing: (
        "test_an_undocumented_marker_is_refused",
        "the payload says '', and the table says no figure [O]",
    ),
    ReadsTheFirstPayload: ("test_a_repeated_payload_is_refused", "comes once more, as"),
    ReadsTheLastPayload: ("test_a_repeated_payload_is_refused", "comes once more, as"),
    TakesNumbersToo: (
        "test_a_long_figure_keeps_every_digit",
        "says 1234567890.12345678 for",
    ),
    ThinksInFloats: (
        "test_a_long_figure_keeps_every_digit",
        "says 12345678901234567.12345",
    ),
    ReturnsFloats: ("test_the_table_fits_silver", "a binary float"),
    ForgetsTheMonth: ("test_the_table_fits_silver", "two observations for"),
    LeavesOutBadRows: ("test_a_figure_that_is_not_a_number_is_refused", "its row is left out"),
    SkipsBadPayloads: ("test_an_invalid_payload_is_refused_by_its_name", "silently"),
    TrustsWhatArrives: ("test_any_payload_is_read_or_refused", "Error: "),
    TakesAnyMarkerAsMissing: ("test_a_figure_that_is_not_a_number_is_refused", "no figure [O]"),
    ReadsWithDefaults: ("test_a_renamed_field_is_not_lost_silently", "'value' is called"),
    KeepsTheLast: ("test_a_repeated_record_is_refused", "occurs twice"),
    RemembersPayloads: ("test_a_changed_figure_in_the_payload_changes_in_the_table", "says"),
    IgnoresTheSelection: ("test_only_selected_figures_are_returned", "a selection of one area"),
    TakesNothingForARelease: ("test_no_payloads_are_refused", "a table of 0 rows"),
    NamesNoPayload: ("test_an_invalid_payload_is_refused_by_its_name", "does not name"),
    WritesOnPayloads: ("test_payloads_and_dataset_are_not_changed", "changes the payloads"),
    AddsWhatWasBefore: ("test_the_same_payloads_give_the_same_table", "a second time"),
    NotesWhenItCame: ("test_the_same_payloads_give_the_same_table", "received on another day"),
    GivesAnyReason: ("test_the_example_is_read_as_printed", "CL_OBS_STATUS"),
    GivesNoReason: ("test_the_table_fits_silver", "no obs_status that says why"),
}


def said_of(normalizer, only=None):
    return failures(
        NormalizerContract,
        only,
        normalizer=normalizer,
        dataset=RAIN,
        payloads=lambda: [payload_of("N"), payload_of("S")],
        figures=FIGURES,
        marks={("N", "snow", "2024-01"): ("O", "*")},
        notes={},
    )


@pytest.mark.parametrize("mutant", CAUGHT)
def test_a_normalizer_that_breaks_a_promise_is_caught(mutant):
    assert_caught(said_of(mutant(), CAUGHT[mutant][0]), *CAUGHT[mutant])


def test_an_honest_normalizer_passes():
    assert said_of(RainNormalizer()) == {}
