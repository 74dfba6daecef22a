"""The records of a CSV file, each with the line on which it begins.

The ``csv`` module reads everything, from the header to the footer. Blank lines and line breaks
within quotes are counted, so messages give the line number that a text editor shows.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from attrs import field, frozen

from statpipe.api import ContentError, Payload
from statpipe.domain.text import stripped
from statpipe_bea.text import text_of

_SEPARATORS = ",;\t"
_LONGEST_LINE = 65_536
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@frozen(kw_only=True)
class Record:
    """
    The cells of one record exactly as in the file, and the line on which it begins.
    """

    line: int
    cells: list[str] = field(repr=False)

    def texts(self) -> list[str]:
        """
        Return the cells without surrounding blanks and quotes. Blank cells at the end are left out.
        """
        cells = [bare(cell) for cell in self.cells]
        while cells and not cells[-1]:
            cells.pop()
        return cells


@frozen(kw_only=True)
class CsvText:
    """
    A decoded CSV file and the character that separates its cells.
    """

    payload: Payload
    text: str = field(repr=False)
    separator: str

    def records(self) -> Iterator[Record]:
        """
        Yield the records that are not blank.

        :raises ContentError: A record is not valid CSV; for example, a quote is never closed.
        """
        reader = csv.reader(
            self._lines(),
            delimiter=self.separator,
            skipinitialspace=True,  # BEA writes a blank before the first quote
            strict=True,
        )
        line = 1
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise ContentError(self._not_csv(line, error), payload=self.payload) from error
            if cells is None:
                return
            if cells and any(map(str.strip, cells)):
                yield Record(line=line, cells=cells)
            line = reader.line_num + 1

    def _lines(self) -> Iterator[str]:
        """Yield the lines. Refuse an overlong line, whose cells would fill the memory."""
        for number, line in enumerate(io.StringIO(self.text, newline=""), 1):
            if len(line) > _LONGEST_LINE:
                msg = (
                    f"payload {self.payload.name}, line {number}: {len(line):,} characters; expected at most "
                    f"{_LONGEST_LINE:,} in a line of BEA's CSV"
                )
                raise ContentError(msg, payload=self.payload)
            yield line

    def _not_csv(self, line: int, error: csv.Error) -> str:
        return (
            f"payload {self.payload.name}, line {line}: not valid CSV ({error}); expected BEA's "
            "complete file; it may have been cut off"
        )


def csv_text(payload: Payload) -> CsvText:
    """
    Decode a file and find its separator: a comma, or another one that spreadsheets write.

    :raises ContentError: The file is empty, is not text, or contains control characters.
    """
    text = text_of(payload)
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        msg = (
            f"payload {payload.name}, line {line}: control character U+{ord(control[0]):04X}; expected "
            "BEA's CSV"
        )
        raise ContentError(msg, payload=payload)
    header = text.lstrip()[:_LONGEST_LINE].partition("\n")[0]
    separator = max(_SEPARATORS, key=header.count)
    return CsvText(payload=payload, text=text, separator=separator)


def bare(cell: str) -> str:
    """
    Return a cell without blanks and quotes around it (``' "00000"'``).
    """
    return stripped(stripped(cell).strip('"'))
