"""A table as a workbook for Excel, with numbers as numbers, and a sheet that describes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import define, field

from statpipe.api import ConfigError, Model
from statpipe.domain.visible import visible

if TYPE_CHECKING:
    from xlsxwriter import Workbook

_MOST_ROWS = 1_048_575
_EXACT_DIGITS = 15
_WIDEST, _NARROWEST = 60, 8


def write_workbook(
    path: Path,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    model: Model,
    about: Mapping[str, str],
) -> None:
    """
    Write rows to the sheet ``figures``, and their description to the sheet ``about``.

    :raises ConfigError: XlsxWriter is not installed, there are more rows than a sheet holds, or the file cannot be written.
    """
    if len(rows) > _MOST_ROWS:
        msg = (
            f"--xlsx {path}: a sheet holds at most {_MOST_ROWS:,} rows, not {len(rows):,}; "
            "choose fewer, or use --parquet"
        )
        raise ConfigError(msg)
    xlsxwriter = _imported()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    try:
        with xlsxwriter.Workbook(str(path), options) as book:
            _Sheet(book=book, name="figures").write(columns, rows)
            notes = [*about.items(), *_notes(rows)]
            declared = {one.name: one for one in model.columns}
            described = [
                (name, declared[name].description, declared[name].unit or "")
                for name in columns
                if name in declared
            ]
            _Sheet(book=book, name="about").write(
                ("what", "description", "unit"), [*((*note, "") for note in notes), *described]
            )
    except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
        raise ConfigError(f"--xlsx {path} cannot be written: {error}") from error


def _imported() -> Any:
    try:
        import xlsxwriter
        import xlsxwriter.exceptions
    except ImportError:
        msg = (
            "--xlsx needs XlsxWriter, which is not installed; run `pip install xlsxwriter` "
            '(part of the extra "analysts"), or use --csv'
        )
        raise ConfigError(msg) from None
    return xlsxwriter


def _notes(rows: Iterable[Sequence[object]]) -> list[tuple[str, str]]:
    cut = any(
        isinstance(cell, Decimal) and len(cell.as_tuple().digits) > _EXACT_DIGITS
        for row in rows
        for cell in row
    )
    said = (
        f"a workbook keeps {_EXACT_DIGITS} digits of a number, and some figures have more: use "
        "--csv"
    )
    return [("note", said)] if cut else []


@define(kw_only=True)
class _Sheet:
    book: Workbook
    name: str
    _formats: dict[str, Any] = field(factory=dict)

    def write(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        sheet = self.book.add_worksheet(self.name)
        bold = self.book.add_format({"bold": True})
        widths = [len(name) for name in columns]
        for place, name in enumerate(columns):
            sheet.write_string(0, place, visible(name), bold)
        for line, row in enumerate(rows, 1):
            for place, cell in enumerate(row):
                widths[place] = max(widths[place], len(str(cell)))
                self._put(sheet, line, place, cell)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, min(max(width + 2, _NARROWEST), _WIDEST))
        sheet.freeze_panes(1, 0)

    def _put(self, sheet: Any, line: int, place: int, cell: object) -> None:
        if cell is None:
            return
        if isinstance(cell, Decimal):
            exponent = cell.as_tuple().exponent
            places = max(-exponent, 0) if isinstance(exponent, int) else 0
            form = "#,##0" + ("." + "0" * places if places else "")
            sheet.write_number(line, place, float(cell), self._format(form))
        elif isinstance(cell, int | float) and not isinstance(cell, bool):
            sheet.write_number(line, place, cell)
        elif isinstance(cell, date):
            sheet.write_datetime(line, place, cell, self._format("yyyy-mm-dd"))
        else:
            sheet.write_string(line, place, "\n".join(map(visible, str(cell).split("\n"))))

    def _format(self, form: str) -> Any:
        if form not in self._formats:
            self._formats[form] = self.book.add_format({"num_format": form})
        return self._formats[form]
