"""Where a number comes from: it is found and verified, or the error is reported."""

from datetime import date
from decimal import Decimal

import attrs
import pytest
from tests.unit.engine.conftest import Office

from statpipe.api import ConfigError, Layer, hookimpl
from statpipe.engine.answers.cell_history import Cell
from statpipe.engine.answers.evidence import telling
from statpipe.engine.answers.provenance import explain
from statpipe.engine.record.records import held_of
from statpipe.engine.stages.options import INGEST, TRANSFORM
from support.rates import RATES, structure
from support.tea import SOURCE, cells, family, prices

CELL = Cell(ref_area="CAL", category="fine", time_period="2024-02", dataset="black")
KEY = ("CAL", "fine", "2024-02")


class FamilyPlugin:
    @hookimpl
    def statpipe_models(self):
        return family()


@pytest.fixture
def shop(tmp_path):
    return shop_in(tmp_path)


def shop_in(folder):
    office = Office(folder)
    office.watching = [FamilyPlugin()]
    return office


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """The prices of March. To be read only."""
    office = shop_in(tmp_path_factory.mktemp("office"))
    office.run()
    return office


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """All prices of March are 100 more since April. To be read only."""
    return twice(shop_in(tmp_path_factory.mktemp("office")))


def twice(office):
    office.run()
    publish(office, "2024-04-01", prices(101))
    office.run()
    return office


def publish(office, day, figures):
    for name in ("black", "green"):
        office.agency.publish(name, day, figures)


def told(office, model="tea", cell=CELL, day=None):
    site = office.site()
    try:
        chosen = site.registry.find("model", model).item
        return explain(site, chosen, cell, date.fromisoformat(day) if day else None)
    finally:
        site.close()


def refusal(*arguments, **options):
    with pytest.raises(ConfigError) as raised:
        told(*arguments, **options)
    return str(raised.value)


def damage(office, name):
    """Change the payload of this name in Bronze; return its key."""
    key = next(key for key, payload in office.lake.bronze.items() if payload.name == name)
    office.lake.bronze[key] = attrs.evolve(office.lake.bronze[key], body=b"{}")
    return key


# --- What is told ---------------------------------------------------------------------------------


def test_a_figure_leads_to_its_history_silver_payload_run_and_checks(two):
    found = told(two)
    assert [row["value"] for row in found.rows] == [Decimal("102.25")]
    assert found.current.value == Decimal("102.25")
    assert found.current.note == "Auction report of 2024-04-01"
    assert [(s.value, s.vintage, str(s.realtime_end)) for s in found.history.stands] == [
        (Decimal("2.25"), "2024-03-01", "2024-03-31"),
        (Decimal("102.25"), "2024-04-01", "9999-12-31"),
    ]
    assert found.silver.path == f"silver/{SOURCE}/dataset=black/vintage=2024-04-01"
    assert found.silver.code.startswith("tea_json/1/")
    (shown,) = telling(found.evidence)
    assert (shown.kept.name, shown.value, shown.damage) == ("black-CAL", Decimal("102.25"), "")
    assert len(found.evidence) == 2
    (run,) = found.runs
    assert (run.did, run.versions["statpipe-tea"]) == ("fetched and made Silver", "1.0")
    assert {shown.run_id} == {run.run_id} == {run_id for run_id, _ in found.checks}
    assert {(c.check, c.dataset, c.vintage) for _, c in found.checks} == {
        ("tea_check", "black", "2024-04-01")
    }
    assert found.problems == ()


def test_as_of_a_day_leads_to_the_release_that_set_the_figure_then(two):
    found = told(two, day="2024-03-31")
    assert (found.current.value, found.current.vintage) == (Decimal("2.25"), "2024-03-01")
    assert found.silver.path.endswith("vintage=2024-03-01")
    assert telling(found.evidence)[0].value == Decimal("2.25")
    assert [row["value"] for row in found.rows] == [Decimal("2.25")]


def test_a_derived_figure_is_explained_with_its_row_and_its_source_figure(two):
    found = told(two, "tea_mom")
    (row,) = found.rows
    assert (row["previous_value"], row["change"]) == (Decimal("101.25"), Decimal(1))
    assert found.current.value == Decimal("102.25")


def test_a_row_that_names_an_earlier_release_leads_to_that_one(two):
    found = told(two, "tea_first_release")
    assert found.current.vintage == "2024-03-01"
    assert found.silver.path.endswith("vintage=2024-03-01")


def test_a_model_with_several_rows_per_cell_leads_to_the_latest(two):
    found = told(two, "tea_history")
    assert [row["vintage"] for row in found.rows] == ["2024-03-01", "2024-04-01"]
    assert found.current.vintage == "2024-04-01"


def test_silver_of_another_run_is_explained_with_that_run_and_its_checks(shop):
    shop.run()
    shop.agency.version = "2"
    shop.run()
    publish(shop, "2024-04-01", prices(101))
    shop.run()
    found = told(shop, day="2024-03-15")
    assert found.current.value == Decimal(225)
    assert [run.did for run in found.runs] == ["fetched", "made Silver"]
    assert found.problems == ()


def test_bronze_transformed_by_a_later_run_leads_to_both_runs(shop):
    shop.run(stages=frozenset({INGEST}))
    shop.run(stages=frozenset({TRANSFORM}))
    found = told(shop)
    assert [run.did for run in found.runs] == ["fetched", "made Silver"]
    assert {run_id for run_id, _ in found.checks} == {found.runs[1].run_id}


def test_a_vintage_of_two_runs_leads_to_the_run_with_the_cell(shop):
    shop.agency.ports = ("MOM",)
    shop.run()
    shop.agency.ports = ("CAL",)
    shop.run()
    found = told(shop)
    (shown,) = found.evidence
    assert (shown.kept.name, shown.holds) == ("black-CAL", True)
    assert shown.run_id == found.runs[-1].run_id


def test_a_dataset_that_is_no_longer_configured_shows_all_its_objects(shop):
    shop.run()
    shop.agency.datasets = ("green",)
    found = told(shop)
    assert [one.kept.name for one in telling(found.evidence)] == ["black-CAL", "black-MOM"]
    assert found.problems == ()


# --- What is wrong --------------------------------------------------------------------------------


def test_a_damaged_object_is_named_whether_it_held_the_figure_or_not(shop):
    two = twice(shop)
    key = damage(two, "black-CAL")
    found = told(two, day="2024-03-15")
    (shown,) = telling(found.evidence)
    assert (shown.holds, shown.kept.key) == (False, key)
    assert found.problems == (f"{key} is missing from Bronze or damaged; restore it from a backup",)
    assert told(two).problems == ()


def test_another_damaged_object_is_named_as_well(shop):
    shop.run()
    key = damage(shop, "black-MOM")
    found = told(shop)
    assert [(one.kept.name, one.holds) for one in telling(found.evidence)] == [
        ("black-CAL", True),
        ("black-MOM", False),
    ]
    assert [key in text for text in found.problems] == [True]


@pytest.mark.parametrize("what", ["fingerprint", "table"])
def test_silver_that_differs_from_the_record_is_reported(shop, what):
    shop.run()
    key = next(k for k in shop.lake.held if k.layer is Layer.SILVER and k.dataset == "black")
    there = shop.lake.held[key]
    changed = "0" * 64 if what == "fingerprint" else there.table.slice(1)
    shop.lake.held[key] = attrs.evolve(there, **{what: changed})
    assert told(shop).problems == (
        (
            f"{key.path} differs from its record; delete it and run `statpipe transform "
            f"{SOURCE}` to rebuild it from Bronze"
        ),
    )


def test_bronze_with_another_figure_than_silver_is_reported(shop):
    shop.run()
    shop.agency.version = "2"
    (problem,) = told(shop).problems
    assert problem.endswith(
        f"gives a figure that differs from Silver; run `statpipe transform {SOURCE}` if the "
        "normalizer is newer, otherwise report it"
    )


# --- What does not exist ----------------------------------------------------------------------------


def test_a_cell_of_several_datasets_asks_for_one(one):
    assert refusal(one, cell=attrs.evolve(CELL, dataset=None)) == (
        "2 figures are for CAL, fine, 2024-02, in black and green; add --dataset black, for example"
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ref_area": "CALC"}, "--area CALC: tea has no ref_area CALC; did you mean 'CAL' (Cal)?"),
        (
            {"category": "fines"},
            "--category fines: tea has no category fines; did you mean 'fine' (fine)?",
        ),
        (
            {"time_period": "2031-01"},
            "--period 2031-01: tea has no time_period 2031-01; it has 2024-01 to 2024-02",
        ),
        ({"dataset": "blck"}, "--dataset blck: tea has no dataset blck; did you mean 'black'?"),
        (
            {"where": {"cup": "big"}},
            "model tea has no column cup; its columns are ref_area, time_period",
        ),
    ],
)
def test_a_cell_that_is_not_there_is_refused_with_what_is(one, changes, says):
    assert refusal(one, cell=attrs.evolve(CELL, **changes)).startswith(says)


def test_before_the_first_release_the_message_has_its_date(two):
    assert refusal(two, day="2024-02-29") == (
        "--as-of 2024-02-29: tea has no figure for CAL, fine, black, 2024-02 on 2024-02-29: it "
        "was first released on 2024-03-01; use --as-of 2024-03-01 or later"
    )


def test_a_dropped_figure_is_explained_with_its_last_day(shop):
    shop.run()
    publish(shop, "2024-04-01", {c: p for c, p in prices().items() if c != KEY})
    shop.run()
    text = (
        "tea has no figure for CAL, fine, black, 2024-02 {}: the agency dropped it after "
        "2024-03-31; use --as-of 2024-03-31 for the last one"
    )
    assert refusal(shop) == text.format("now")
    assert refusal(shop, day="2024-05-01") == text.format("on 2024-05-01")
    assert told(shop, day="2024-03-31").current.value == Decimal("2.25")


def test_a_model_whose_rows_are_about_no_single_figure_is_refused_with_those_that_are(one):
    text = refusal(one, "tea_area")
    assert text.startswith(
        "model tea_area has no column category, so its rows do not describe one figure each; explain one of "
    )
    assert "tea_mom" in text


def test_every_cell_is_found_in_the_payload_of_its_port(one):
    for area, category, period in cells():
        cell = Cell(ref_area=area, category=category, time_period=period, dataset="green")
        (shown,) = telling(told(one, cell=cell).evidence)
        assert shown.kept.name == f"green-{area}"


# --- The structure that a label came from ---------------------------------------------------------


def test_labels_of_a_plugin_s_own_lists_lead_to_no_object(one):
    found = told(one)
    assert found.structures == ()
    assert len(found.structure) == 64


def test_labels_from_data_lead_to_the_structure_of_their_release(bank):
    bank.run()
    bank.agency.publish("2024-01-10", RATES, structure(CURRENCY={"USD": "Dollar", "GBP": "Pound"}))
    bank.run()
    rate = Cell(ref_area="U2", category="GBP.EUR.SP00", time_period="2024-01-05")
    found = told(bank, "exr", rate, "2024-01-09")
    (first, second) = held_of(bank.lake, "central_bank")
    assert (found.structure, found.problems) == (first.structure, ())
    assert first.structure != second.structure
    (shown,) = found.structures
    assert b"Pound sterling" in bank.lake.bronze[shown.kept.key].body
    (figure,) = telling(found.payloads)
    assert (figure.kept.name, figure.value) == ("EXR-D", Decimal("0.86105"))


def test_a_damaged_structure_is_a_problem(bank):
    bank.run()
    key = damage(bank, "EXR-structure")
    rate = Cell(ref_area="U2", category="GBP.EUR.SP00", time_period="2024-01-05")
    found = told(bank, "exr", rate)
    assert [key in problem for problem in found.problems] == [True]
    assert not any(one.holds for one in found.evidence)


def test_a_typed_period_is_converted_to_the_form_in_silver():
    typed = Cell(ref_area="CA", category="1", time_period="2023M01")
    assert typed == Cell(ref_area="CA", category="1", time_period="2023-01")
    assert typed.selection.periods == (typed.key["time_period"],) == ("2023-01",)
