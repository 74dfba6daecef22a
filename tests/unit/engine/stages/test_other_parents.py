"""An agency counts an area to another one than the code list does: the run says so, and loads the figures."""

import pyarrow as pa

from support.tea import TeaNormalizer


def test_a_warning_names_the_area_and_both_parents(office, monkeypatch):
    read = TeaNormalizer.normalize

    def normalize(self, dataset, payloads):
        table = read(self, dataset, payloads)
        areas = table["ref_area"].cast(pa.string()).to_pylist()
        moved = [("SEA" if area == areas[0] else None) for area in areas]
        return table.append_column("area_parent", pa.array(moved, pa.string()))

    monkeypatch.setattr(TeaNormalizer, "normalize", normalize)
    manifest = office.run()
    assert (manifest.outcome, manifest.exit_code) == ("loaded", 0)
    warning = next(check for check in manifest.checks if check.check == "other_parents")
    area = warning.cells[0]["ref_area"]
    listed = warning.cells[0]["listed"]
    assert warning.severity == "warning"
    assert warning.message == (
        f"the agency now assigns {area} to SEA instead of {listed}; figures are loaded, but "
        "`parent` and sums by area follow the code list of tea_prices until its plugin is "
        "updated"
    )
