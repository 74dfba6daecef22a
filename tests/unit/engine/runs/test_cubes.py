"""A source of cubes, whose releases contain the code lists as data."""

import json
from datetime import date

import pytest

import statpipe_checks.plugin
from statpipe.api import ContentError
from statpipe.engine.answers.as_of import table_as_of
from statpipe.engine.record.records import held_of, manifest_of
from statpipe.engine.stages.options import TRANSFORM
from support.rates import RATES, SOURCE, STRUCTURE, more_dimensions, structure

SPOT = "USD.EUR.SP00"


def alone(rows, **wanted):
    """The one row that has these values."""
    (found,) = [row for row in rows if wanted.items() <= row.items()]
    return found


def test_a_category_joins_the_codes_of_its_dimensions(bank):
    assert bank.run().message == ""
    (silver,) = bank.silver.values()
    row = alone(silver.to_pylist(), category=SPOT, freq="B", time_period="2024-01-05")
    assert (row["category_name"], row["ref_area"], row["geo_name"]) == (
        "US dollar, Euro, Spot",
        "U2",
        "Euro area",
    )
    assert (row["currency"], row["currency_name"]) == ("USD", "US dollar")


def test_days_and_business_days_are_separate_series(bank):
    bank.run()
    rows = [row for row in bank.model("exr") if row["category"] == SPOT]
    same_day = [row["freq"] for row in rows if row["time_period"] == "2024-01-05"]
    assert (len(rows), sorted(same_day)) == (4, ["B", "D"])


@pytest.mark.parametrize("model", ["exr", "exr_category"])
def test_dimensions_are_columns_of_gold_with_code_and_name(bank, model):
    bank.run()
    row = next(row for row in bank.model(model) if row["category"] == "GBP.EUR.SP00")
    assert (row["currency"], row["currency_name"]) == ("GBP", "Pound sterling")
    assert (row["exr_type"], row["exr_type_name"]) == ("SP00", "Spot")
    assert "ref_area_name" not in row


def test_a_second_run_writes_nothing_for_any_order_of_dimensions(bank):
    later = more_dimensions(STRUCTURE, ADJUSTMENT={"N": "Neither"})
    bank.agency.publish(
        "2024-01-10",
        {(freq, f"{key}.N"): days for (freq, key), days in RATES.items()},
        later,
    )
    first = bank.run()
    assert any(receipt.inserted for receipt in first.receipts)
    before = dict(bank.lake.held)
    assert not any(receipt.bytes_written for receipt in bank.run().receipts)
    assert bank.lake.held == before


def test_dimensions_are_columns_also_as_of_a_day(bank):
    bank.run()
    bank.agency.publish("2024-01-10", {key: {"2024-01-05": "2"} for key in RATES})
    bank.run()
    models = bank.registry.models()
    exr = next(model for model in models if model.name == "exr")
    rows = table_as_of(bank.lake, models, exr, date(2024, 1, 9)).to_pylist()
    pound = alone(rows, currency="GBP", currency_name="Pound sterling")
    assert str(pound["value"]).rstrip("0") == "0.86105"


def test_figures_without_areas_get_the_area_z(bank):
    bank.agency.area = None
    bank.agency.publish("2024-01-10", RATES, structure(REF_AREA={}))
    bank.run()
    assert {(row["ref_area"], row["area_name"]) for row in bank.model("exr")} == {("_Z", "no area")}


def test_unrequested_codes_of_a_dimension_are_not_deleted(bank):
    bank.run()
    bank.agency.where = {"currency": ("USD",)}
    changed = {key: days | {"2024-01-05": "1.5"} for key, days in RATES.items()}
    bank.agency.publish("2024-01-10", changed)
    manifest = bank.run()
    (record,) = manifest.vintages
    assert (record.revision.revised, record.revision.dropped) == (2, 0)
    pound = alone(bank.model("exr"), category="GBP.EUR.SP00")
    assert (str(pound["value"]).rstrip("0"), pound["vintage"]) == ("0.86105", "2024-01-09")
    del changed["D", SPOT]["2024-01-06"]
    bank.agency.publish("2024-01-11", changed)
    (record,) = bank.run().vintages
    assert (record.revision.revised, record.revision.dropped) == (0, 1)


def test_silver_is_rebuilt_from_bronze_without_the_agency(bank):
    bank.run()
    renamed = structure(CURRENCY={"USD": "Dollar of the United States", "GBP": "Pound"})
    bank.agency.publish("2024-01-10", RATES, renamed)
    bank.run()
    before, held = bank.silver, held_of(bank.lake, SOURCE)
    for key in bank.lake.partitions(SOURCE):
        del bank.lake.held[key]
    bank.agency.closed = True
    manifest = bank.run(stages=frozenset({TRANSFORM}))
    assert (manifest.exit_code, manifest.message) == (0, "")
    assert list(before) == ["2024-01-09", "2024-01-10"]
    assert all(bank.silver[vintage].equals(table) for vintage, table in before.items())
    assert held_of(bank.lake, SOURCE) == held


# --- A structure that changes between vintages ----------------------------------------------------


def names_in(table, column):
    return set(zip(*(table[name].to_pylist() for name in (column, f"{column}_name")), strict=True))


def test_a_renamed_code_keeps_its_name_in_the_vintages_before(bank):
    bank.run()
    bank.agency.publish("2024-01-10", RATES, structure(CURRENCY={"USD": "Dollar", "GBP": "Pound"}))
    assert bank.run().outcome == "loaded"
    first, second = bank.silver.values()
    assert names_in(first, "currency") == {("USD", "US dollar"), ("GBP", "Pound sterling")}
    assert names_in(second, "currency") == {("USD", "Dollar"), ("GBP", "Pound")}
    assert {row["category_name"] for row in bank.model("exr") if row["currency"] == "USD"} == {
        "Dollar, Euro, Spot"
    }


def test_new_and_removed_codes_are_loaded(bank):
    bank.run()
    other = {key: days for key, days in RATES.items() if "GBP" not in key[1]}
    other["D", "SEK.EUR.SP00"] = {"2024-01-05": "11.2"}
    bank.agency.publish(
        "2024-01-10", other, structure(CURRENCY={"USD": "US dollar", "SEK": "Krona"})
    )
    assert bank.run().outcome == "loaded"
    assert {row["currency"] for row in bank.model("exr")} == {"USD", "SEK"}
    pound = alone(bank.model("exr_category"), currency="GBP")
    assert pound["currency_name"] == "Pound sterling"


def test_a_code_missing_in_the_structure_is_refused(bank):
    bank.agency.publish("2024-01-10", RATES, structure(CURRENCY={"USD": "US dollar"}))
    manifest = bank.run()
    assert manifest.exit_code == 4
    assert "currency 'GBP' is not in the code list of CURRENCY" in manifest.message


def test_an_added_dimension_is_empty_for_earlier_vintages(bank):
    bank.run()
    longer = {(freq, f"{key}.A"): days for (freq, key), days in RATES.items()}
    with_suffix = more_dimensions(STRUCTURE, EXR_SUFFIX={"A": "Average"})
    bank.agency.publish("2024-01-10", longer, with_suffix)
    assert bank.run().message == ""
    assert {row["category"] for row in bank.model("exr")} == {f"{SPOT}.A", "GBP.EUR.SP00.A"}
    by_category = {row["category"]: row for row in bank.model("exr_category")}
    assert by_category[f"{SPOT}.A"]["exr_suffix_name"] == "Average"
    assert by_category[SPOT]["exr_suffix"] is None
    assert by_category[SPOT]["currency_name"] == "US dollar"


# --- The structure of a vintage -------------------------------------------------------------------


def test_a_vintage_names_the_structure_that_it_was_read_with(bank):
    bank.run()
    bank.agency.publish("2024-01-10", {key: {"2024-01-05": "2"} for key in RATES})
    bank.run()
    renamed = structure(CURRENCY={"USD": "Dollar", "GBP": "Pound sterling"})
    bank.agency.publish("2024-01-11", RATES, renamed)
    manifest = bank.run()
    first, second, third = (held.structure for held in held_of(bank.lake, SOURCE))
    assert first == second != third
    assert [record.structure for record in manifest.vintages] == [third]
    assert len(third) == 64


def test_a_repeated_release_keeps_its_structure(bank):
    """A code that no figure has changes the structure, and nothing in Silver."""
    bank.run()
    (before,) = held_of(bank.lake, SOURCE)
    more = structure(CURRENCY={"USD": "US dollar", "GBP": "Pound sterling", "SEK": "Krona"})
    bank.agency.publish("2024-01-09", RATES, more)
    assert bank.run().outcome == "unchanged"
    (held,) = held_of(bank.lake, SOURCE)
    assert (held.structure, held.made_from) == (before.structure, before.made_from)


def test_an_older_manifest_names_no_structure(bank):
    manifest = bank.run()
    document = json.loads(manifest.as_json())
    for named in (*document["holds"], *document["vintages"]):
        del named["structure"]
    del document["self_sha256"]
    bank.lake.copies.clear()
    bank.lake.runs[SOURCE, manifest.run_id] = json.dumps(document).encode()
    assert [held.structure for held in held_of(bank.lake, SOURCE)] == [""]
    assert bank.run().outcome == "unchanged"


# --- What a run says of codes ---------------------------------------------------------------------


def codes_told(manifest):
    (record,) = manifest.vintages
    return [one.in_words for one in record.revision.codes] if record.revision else []


def test_the_report_names_new_removed_and_renamed_codes(bank):
    assert codes_told(bank.run()) == []
    rates = {key: days for key, days in RATES.items() if "GBP" not in key[1]}
    rates["D", "SEK.EUR.SP00"] = {"2024-01-05": "11.2"}
    lists = structure(CURRENCY={"USD": "Dollar", "SEK": "Krona"})
    bank.agency.publish("2024-01-10", rates, lists)
    manifest = bank.run()
    told = codes_told(manifest)
    assert told[-1] == (
        "currency: 1 added (SEK Krona), 1 renamed (USD from US dollar to Dollar), "
        "1 withdrawn (GBP Pound sterling)"
    )
    assert manifest.vintages[0].revision.in_words.endswith(told[-1])
    assert manifest_of(bank.lake, SOURCE, manifest.run_id) == manifest


def test_a_name_changed_under_an_unchanged_date_is_reported(bank):
    bank.run()
    lists = structure(CURRENCY={"USD": "Dollar", "GBP": "Pound sterling"})
    bank.agency.publish("2024-01-09", RATES, lists)
    manifest = bank.run()
    assert manifest.outcome == "loaded"
    assert codes_told(manifest)[-1] == "currency: 1 renamed (USD from US dollar to Dollar)"
    (words,) = [v.revision.in_words for v in manifest.vintages]
    assert "since the last reading of the same release: 0 cells added, 0 of 5 revised" in words


# --- What a code means ----------------------------------------------------------------------------

SWAPPED = structure(CURRENCY={"USD": "Pound sterling", "GBP": "US dollar"})


@pytest.fixture
def judged(bank):
    """The bank with the standard checks."""
    bank.watching = [statpipe_checks.plugin]
    bank.run()
    return bank


@pytest.mark.parametrize("day", ["2024-01-10", "2024-01-09"], ids=["new date", "same date"])
@pytest.mark.parametrize(
    ("lists", "units", "told"),
    [
        (STRUCTURE, {"USD": "EUR per USD"}, "USD.EUR.SP00 was in USD per EUR x 10^0 and is now in"),
        (
            structure(CURRENCY={"USD": "Dollars bought", "GBP": "Pound sterling"}),
            {"USD": "EUR per USD"},
            "was 'US dollar, Euro, Spot' and is now 'Dollars bought, Euro, Spot'",
        ),
        (SWAPPED, {}, "is now 'US dollar, Euro, Spot' (formerly USD.EUR.SP00)"),
    ],
    ids=["unit", "title and unit", "the title of another code"],
)
def test_a_code_with_a_new_meaning_is_refused_until_accepted(judged, day, lists, units, told):
    judged.agency.publish(day, RATES, lists, units)
    refused = judged.run()
    assert (refused.exit_code, refused.outcome) == (3, "refused")
    assert "refused by check stable_categories" in refused.message
    assert told in refused.message
    assert refused.message.endswith("statpipe run central_bank --accept-revision")
    accepted = judged.run(accept_revision=True)
    assert (accepted.exit_code, accepted.outcome) == (0, "loaded")
    assert accepted.holds[-1].accepted["stable_categories"] >= 1
    assert judged.run().outcome == "unchanged"


def test_a_renamed_code_is_reported_and_loaded(judged):
    lists = structure(CURRENCY={"USD": "Dollar", "GBP": "Pound sterling"})
    judged.agency.publish("2024-01-10", RATES, lists)
    manifest = judged.run()
    assert (manifest.exit_code, manifest.outcome) == (0, "loaded")
    (check,) = [one for one in manifest.checks if one.check == "stable_categories"]
    assert "1 title reworded, first: USD.EUR.SP00 was 'US dollar, Euro, Spot'" in check.message


# --- What is damaged, or joined --------------------------------------------------------------------


def test_new_names_replace_damaged_silver(judged, monkeypatch):
    read, write, damaged = judged.lake.read, judged.lake.write, {*judged.lake.partitions(SOURCE)}

    def failing(key):
        if key in damaged:
            raise ContentError(f"{key.path} is damaged")
        return read(key)

    def repairing(partition):
        damaged.discard(partition.key)
        return write(partition)

    monkeypatch.setattr(judged.lake, "read", failing)
    monkeypatch.setattr(judged.lake, "write", repairing)
    lists = structure(CURRENCY={"USD": "Dollar", "GBP": "Pound sterling"})
    judged.agency.publish("2024-01-09", RATES, lists)
    manifest = judged.run()
    assert (manifest.outcome, manifest.message, codes_told(manifest)) == ("loaded", "", [])
    (silver,) = judged.silver.values()
    assert ("USD", "Dollar") in names_in(silver, "currency")


def test_a_selection_with_an_additional_dimension_is_another_vintage(bank):
    """Its categories are others, so the figures of the date are not the same any more."""
    bank.agency.where = {"currency": ("USD",)}
    bank.run()
    bank.agency.where = {"currency": ("GBP",)}
    longer = {(freq, f"{key}.A"): days for (freq, key), days in RATES.items()}
    bank.agency.publish("2024-01-09", longer, more_dimensions(STRUCTURE, EXR_SUFFIX={"A": "Mean"}))
    manifest = bank.run()
    assert (manifest.exit_code, manifest.message) == (0, "")
    by_currency = {row["currency"]: row["exr_suffix"] for row in bank.model("exr")}
    assert by_currency == {"USD": None, "GBP": "A"}
