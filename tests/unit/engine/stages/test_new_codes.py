"""An agency adds a code: it loads under the name that is printed, and the run says so."""

import pyarrow as pa
import pytest

from support.tea import TeaNormalizer


@pytest.fixture
def with_a_new_port(monkeypatch):
    """The tea agency prints prices of a port that its source does not list."""
    read = TeaNormalizer.normalize

    def normalize(self, dataset, payloads):
        table = read(self, dataset, payloads)
        names = {area.code: area.name for area in dataset.areas}
        codes = table["ref_area"].cast(pa.string()).to_pylist()
        table = table.append_column("geo_name", pa.array([names[code] for code in codes]))
        row = {**table.slice(0, 1).to_pylist()[0], "ref_area": "COC", "geo_name": "Cochin"}
        return pa.concat_tables([table, pa.Table.from_pylist([row], table.schema)])

    monkeypatch.setattr(TeaNormalizer, "normalize", normalize)


def test_a_new_code_is_loaded_under_its_printed_name(office, with_a_new_port):
    manifest = office.run()
    assert (manifest.outcome, manifest.exit_code) == ("loaded", 0)
    tables = [p.table for p in office.lake.held.values() if p.key.layer == "silver"]
    named = [
        dict(zip(t["ref_area"].to_pylist(), t["geo_name"].to_pylist(), strict=True)) for t in tables
    ]
    assert len(named) == 2
    assert all(names["COC"] == "Cochin" for names in named)


def test_a_warning_names_the_new_code(office, with_a_new_port):
    manifest = office.run()
    warnings = [check for check in manifest.checks if check.check == "new_codes"]
    assert {(w.dataset, w.severity, w.passed, w.failures) for w in warnings} == {
        (dataset, "warning", False, 1) for dataset in ("black", "green")
    }
    first = warnings[0]
    assert first.message == (
        "1 new code, loaded as printed: area COC (Cochin); they have no place in the hierarchy "
        "until the code list of tea_prices includes them"
    )
    assert first.cells == ({"ref_area": "COC", "title": "Cochin"},)


def test_a_new_code_is_named_again_after_a_rebuild(office, with_a_new_port):
    office.run()
    office.lake.held.clear()
    manifest = office.run(stages=frozenset({"transform"}))
    assert "new_codes" in {check.check for check in manifest.checks}


def test_an_unchanged_run_does_not_warn_about_the_code(office, with_a_new_port):
    office.run()
    assert office.run().checks == ()
