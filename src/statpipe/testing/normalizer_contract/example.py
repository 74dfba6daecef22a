"""What is read of the example: each figure as the agency prints it, in a table that fits Silver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from statpipe.api import Dataset, Normalizer, Payload, Selection
from statpipe.domain.observation import CELL, NORMAL
from statpipe.testing.cells import Key, cells_of, differences, named, shown
from statpipe.testing.normalizer_contract.fixtures import Figures, NormalizerFixtures
from statpipe.testing.normalizer_contract.reading import silver_of, table_of
from statpipe.testing.wording import broken, not_tested

_STATUSES = frozenset("ABDEFGHIJKLMNOPQSUVWX")
"""SDMX CL_OBS_STATUS, versions 2.1 and 2.2."""


class Example(NormalizerFixtures):
    """
    What is read of the example: each figure as the agency prints it, in a table that fits Silver.
    """

    def test_the_example_is_read_as_printed(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """Exact and complete, and no missing figure has become a number."""
        cells = cells_of(silver_of(normalizer, dataset, payloads))
        expected = self._expected(figures, dataset)
        for key, value in expected.items():
            if key not in cells:
                broken(
                    f"the payloads hold a figure for {named(key)}, and the table has no such row",
                    "return a row for each figure, also for one that is missing; raise ContentError "
                    "for a row that you cannot read, never leave it out",
                )
            found, status = cells[key]
            if value is None and found is not None:
                broken(
                    f"the agency shows no figure for {named(key)}, and the table says {shown(found)}",
                    "give None as obs_value and say why in obs_status (Q suppressed, O missing); a "
                    "missing figure is never a zero",
                )
            if found != value:
                broken(
                    f"the agency prints {shown(value)} for {named(key)}, and the table says "
                    f"{shown(found)}",
                    "read the printed text with statpipe.api.exact: its sign, its marks, no float(), no "
                    "rounding, no other unit; and check whether it is of this period and category",
                )
            if status not in _STATUSES:
                broken(
                    f"{named(key)} has the obs_status {status!r}",
                    "take a code of SDMX CL_OBS_STATUS, such as A, P, E, O or Q",
                )
        more = sorted(set(cells) - set(expected))
        if self.complete and more:
            broken(
                f"the table has {len(more)} rows that the fixture `figures` does not name, such as "
                f"{named(more[0])}: {shown(cells[more[0]][0])}",
                "name every figure of the payloads, or set `complete = False` in the class; if there "
                "is no such figure in the payloads, the normalizer makes it up",
            )

    def test_figures_have_the_agencys_status_and_symbol(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        marks: Mapping[Key, tuple[str, str | None]] | None,
    ) -> None:
        """Suppressed is not the same as missing, and provisional not the same as final."""
        table = silver_of(normalizer, dataset, payloads)
        marked = table["source_symbol"].null_count < len(table)
        special = marked or table["obs_status"].unique().to_pylist() != [NORMAL]
        if marks is None and special:
            not_tested(
                "whether figures are marked as the agency marks them",
                "the fixture `marks`: obs_status and source_symbol of those that are special, by key, such as "
                '{("CAL", "dust", "2024-01"): ("Q", "(D)")}',
            )
        marks = marks or {}
        columns = [*CELL, "obs_status", "source_symbol"]
        for row in zip(*(table[name].to_pylist() for name in columns), strict=True):
            key, found = tuple(row[:-2]), tuple(row[-2:])
            wanted = marks.get(key, (NORMAL, None))
            if found != wanted:
                broken(
                    f"{named(key)} has (obs_status, source_symbol) {found}; expected {wanted}",
                    "take the code of SDMX CL_OBS_STATUS that fits what the agency says of its marker "
                    "(Q suppressed, O missing, P provisional), and keep the marker as printed",
                )

    def test_figures_have_the_agencys_notes(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        notes: Mapping[Key, str] | None,
    ) -> None:
        """This figure has the note, and no other figure."""
        table = silver_of(normalizer, dataset, payloads)
        if notes is None and table["notes"].null_count < len(table):
            not_tested(
                "whether figures have the notes that the agency gives them",
                "the fixture `notes`: the notes of those that have one, by key",
            )
        columns = [*CELL, "notes"]
        for row in zip(*(table[name].to_pylist() for name in columns), strict=True):
            key, found = tuple(row[:-1]), row[-1]
            wanted = (notes or {}).get(key)
            if found != wanted:
                broken(
                    f"{named(key)} has the note {found!r}; expected {wanted!r}",
                    "give the text of the footnotes that stand at this figure in the column `notes`, and none "
                    "elsewhere",
                )

    def test_the_table_fits_silver(
        self, normalizer: Normalizer, dataset: Dataset, payloads: Sequence[Payload]
    ) -> None:
        """Columns, exact types, one row per key, and a reason for each missing figure."""
        import pyarrow as pa

        table = table_of(normalizer, dataset, payloads)
        if not isinstance(table, pa.Table):
            broken(
                f"normalize returned {type(table).__name__}",
                "return a pyarrow.Table; statpipe.api.observations_from_rows makes one of mappings",
            )
        kind = table.schema.field("obs_value").type if "obs_value" in table.column_names else None
        if kind is not None and pa.types.is_floating(kind) and not dataset.doubles:
            broken(
                f"column obs_value is {kind}, a binary float, which cannot hold a figure exactly",
                "make it decimal: read the printed text with decimal.Decimal (json.loads has "
                "parse_float=Decimal), or hand it on as text",
            )
        sealed = silver_of(normalizer, dataset, payloads)
        if not len(sealed):
            broken("the example gives a table without rows", "read the figures of the payloads")
        for key, (value, status) in cells_of(sealed).items():
            if value is None and status == NORMAL:
                broken(
                    f"{named(key)} has no figure and no reason",
                    "give the reason in obs_status: O missing, Q suppressed",
                )

    def test_only_selected_figures_are_returned(
        self,
        normalizer: Normalizer,
        dataset: Dataset,
        payloads: Sequence[Payload],
        figures: Figures,
    ) -> None:
        """A selection of an area, a category or a period gives exactly these rows."""
        whole = silver_of(normalizer, dataset, payloads)
        area, category, period = next(iter(self._expected(figures, dataset)))[:3]
        for what, selection in (
            ("area", Selection(areas=(area,))),
            ("category", Selection(categories=(category,))),
            ("period", Selection(periods=(period,))),
        ):
            narrow = attrs.evolve(dataset, selection=selection)
            some = cells_of(silver_of(normalizer, narrow, payloads))
            wanted = cells_of(selection.rows_of(whole))
            if some != wanted:
                broken(
                    f"with a selection of one {what}, the rows are not those of this {what}: "
                    f"{differences(wanted, some)}",
                    "end with `return dataset.selection.rows_of(table)`",
                )
