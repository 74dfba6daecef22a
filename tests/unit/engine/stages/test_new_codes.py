"""An agency adds a code: the rest is published, and the run says what waits in Bronze."""

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


def silver(office):
    return {k.path: p.fingerprint for k, p in office.lake.held.items()}


def test_the_rest_is_published_as_if_the_code_were_not_there(
    office, tmp_path, with_a_new_port, monkeypatch
):
    manifest = office.run()
    assert (manifest.outcome, manifest.exit_code) == ("loaded", 0)
    monkeypatch.undo()
    undisturbed = type(office)(tmp_path)
    undisturbed.run()
    assert silver(office) == silver(undisturbed)


def test_a_warning_names_it_and_says_what_to_do(office, with_a_new_port):
    manifest = office.run()
    warnings = [check for check in manifest.checks if check.check == "new_codes"]
    assert {(w.dataset, w.severity, w.passed, w.failures) for w in warnings} == {
        (dataset, "warning", False, 1) for dataset in ("black", "green")
    }
    first = warnings[0]
    assert first.message == (
        "1 new code, not loaded: area COC (Cochin); the figures lie in Bronze. Once the plugin of tea_prices lists them, "
        "load them with `statpipe run tea_prices --full`"
    )
    assert first.cells == ({"ref_area": "COC", "title": "Cochin"},)


def test_made_anew_from_bronze_it_is_named_again(office, with_a_new_port):
    office.run()
    office.lake.held.clear()
    manifest = office.run(stages=frozenset({"transform"}))
    assert "new_codes" in {check.check for check in manifest.checks}


def test_an_unchanged_run_says_nothing(office, with_a_new_port):
    office.run()
    assert office.run().checks == ()
