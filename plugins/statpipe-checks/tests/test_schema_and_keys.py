import attrs
import pyarrow as pa
import pytest

from statpipe.api import Dimension

SOUND = """
US 1 2019 10.5
US 1 2020 -
CA 1 2019 4.25
CA 1 2020 5
"""


def changed(snapshot, column, values, kind=None):
    table = snapshot.table
    place = table.schema.get_field_index(column)
    array = pa.array(values, kind or pa.string())
    if kind is None:
        array = array.dictionary_encode()
    return attrs.evolve(snapshot, table=table.set_column(place, column, array))


def doubled(snapshot):
    return attrs.evolve(snapshot, table=pa.concat_tables([snapshot.table, snapshot.table[:1]]))


# --- schema ---


def test_a_sealed_table_has_the_schema_of_silver(judge, observe):
    result = judge("schema", observe(SOUND))
    assert result.passed
    assert result.message == "all 22 columns match Silver"


def test_a_missing_and_an_unknown_column_are_named(judge, observe):
    current = observe(SOUND)
    table = current.table.drop_columns(["notes"]).append_column("colour", pa.array(["red"] * 4))
    result = judge("schema", attrs.evolve(current, table=table))
    assert (result.refuses, result.failures) == (True, 2)
    assert result.cells == (
        {"column": "notes", "problem": "is missing"},
        {"column": "colour", "problem": "is unknown"},
    )
    assert result.message == (
        "different from Silver: 2 columns, first: notes is missing; correct the normalizer or the "
        "dataset's dimensions"
    )


def test_a_binary_floating_point_figure_is_refused(judge, observe):
    result = judge("schema", changed(observe(SOUND), "obs_value", [1.0] * 4, pa.float64()))
    assert result.cells == (
        {"column": "obs_value", "problem": "is double, not decimal128(38, 18)"},
    )


def test_columns_in_another_order_are_refused(judge, observe):
    current = observe(SOUND)
    names = current.table.column_names
    names[0], names[1] = names[1], names[0]
    result = judge("schema", attrs.evolve(current, table=current.table.select(names)))
    assert result.cells[0] == {
        "column": "ref_area",
        "problem": "is in the position of dataset",
    }


def test_a_declared_dimension_belongs_to_the_schema(judge, observe):
    result = judge("schema", observe(SOUND, dimensions=(Dimension(id="SEX", name="Sex"),)))
    assert result.cells == (
        {"column": "sex", "problem": "is missing"},
        {"column": "sex_name", "problem": "is missing"},
    )


# --- non_null_keys ---


def test_complete_keys_and_explained_gaps_pass(judge, observe):
    result = judge("non_null_keys", observe(SOUND))
    assert result.passed
    assert result.message == "4 rows, each with a complete key"


def test_a_row_without_an_area_is_reported(judge, observe):
    current = changed(observe(SOUND), "ref_area", ["CA", None, "US", "US"])
    result = judge("non_null_keys", current)
    assert (result.refuses, result.failures) == (True, 1)
    assert result.message.startswith(
        "1 row without ref_area, category, freq or time_period, first: (none) 1 2020; "
    )
    assert result.cells[0]["problem"] == "no key"
    assert result.cells[0]["obs_value"] == "5"


@pytest.mark.parametrize("status", ["A", "", None])
def test_a_missing_figure_needs_a_status_that_says_why(status, judge, observe):
    current = changed(observe(SOUND), "obs_status", ["A", "A", "A", status])
    result = judge("non_null_keys", current)
    assert result.failures == 1
    assert result.message == (
        "1 row without a figure and without an obs_status that says why, first: US 1 2020; the "
        "normalizer must fill keys and give the reason from SDMX CL_OBS_STATUS, such as O for "
        "missing or Q for suppressed"
    )


# --- unique_keys ---


def test_unique_keys_pass(judge, observe):
    assert judge("unique_keys", observe(SOUND)).message == "4 rows, each with a unique key"


def test_a_repeated_key_is_reported_with_its_figures(judge, observe):
    result = judge("unique_keys", doubled(observe(SOUND)))
    assert (result.refuses, result.failures) == (True, 1)
    assert result.message == (
        "1 key with more than one row, first: CA 1 2019 has 2, from 4.25 to 4.25; the "
        "normalizer reads rows twice, or the dataset needs another dimension"
    )
    assert result.cells == (
        {
            "ref_area": "CA",
            "category": "1",
            "freq": "A",
            "time_period": "2019",
            "rows": 2,
            "lowest": "4.25",
            "highest": "4.25",
        },
    )


def test_the_frequency_is_part_of_the_key(judge, observe):
    twice = doubled(observe(SOUND))
    assert not judge("unique_keys", twice).passed
    twice = changed(twice, "freq", ["B", "B", "B", "B", "D"])
    assert judge("unique_keys", twice).passed


def test_at_most_twenty_cells_are_shown_and_all_are_counted(judge, observe):
    current = observe("\n".join(f"US {n} 2019 1" for n in range(30)))
    current = attrs.evolve(current, table=pa.concat_tables([current.table, current.table]))
    result = judge("unique_keys", current)
    assert result.failures == 30
    assert len(result.cells) == 20
