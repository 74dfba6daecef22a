"""BEA's zips of CSV files, read as what they are: archives from outside."""

from __future__ import annotations

import hashlib
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator

from attrs import frozen

from statpipe.api import ContentError, Dataset, Payload, Vintage
from statpipe.domain.selection import EVERYTHING
from statpipe_bea.channels.channel import vintage_of
from statpipe_bea.crosswalk import is_renumbered
from statpipe_bea.csv_tables import printed_lines, read_csv
from statpipe_bea.family import Family, pce_by_state
from statpipe_bea.lines import ReleaseLines, numbered_lines, release_lines
from statpipe_bea.part import table_name
from statpipe_bea.release import last_updated

_CSV = re.compile(r"(?P<table>[A-Z0-9]+)_{1,2}(?:ALL_AREAS|STATE)_\d{4}_\d{4}\.csv")
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)
"""What zipfile raises where bytes are not what they were; a method that it does not know as well."""

_LARGEST_MEMBER = 64 << 20
_MOST_MEMBERS = 10_000


@frozen(kw_only=True)
class TableFile:
    """
    One table of one release: its CSV file and its page of footnotes, under today's name.
    """

    table: str
    payloads: tuple[Payload, ...]

    def vintage(self) -> Vintage:
        """
        Return the release, by the note in the file's footer.

        :raises ContentError: It has none.
        """
        csv = self.payloads[0]
        digest = hashlib.sha256(b"".join(payload.body for payload in self.payloads)).hexdigest()
        note = last_updated(csv.body[-4096:].decode("utf-8", errors="replace"))
        return vintage_of(note, f"csv:{digest}", EVERYTHING, csv, "the file's footer")

    def lines(self, dataset: Dataset) -> ReleaseLines:
        """
        Return which category each line is.

        :raises ContentError: The file of a renumbered table is malformed.
        """
        if not is_renumbered(dataset.name):
            return numbered_lines(dataset, ())
        printed = printed_lines(read_csv(self.payloads[0]))
        return release_lines(dataset, printed, self.vintage().released)


def table_files(archive: Payload, family: Family | None = None) -> Iterator[TableFile]:
    """
    Return a family's tables in a zip, or the one in a bare CSV file.

    :raises ContentError: It is neither, it holds none of the tables, or it unpacks to more than any
        file of BEA's.
    """
    family = family or pce_by_state()
    if archive.media_type == "text/csv":
        match = _whole_table(archive.name, family)
        if match is None:
            msg = f"payload {archive.name}: expected a name such as {family.member}"
            raise ContentError(msg, payload=archive)
        yield TableFile(table=table_name(match["table"]), payloads=(archive,))
        return
    try:
        with zipfile.ZipFile(io.BytesIO(archive.body)) as opened:
            yield from _tables_in(opened, archive, family)
    except _DAMAGE as error:
        msg = f"payload {archive.name}: no readable zip ({error}); expected BEA's {family.zip_url.rpartition('/')[2]} whole"
        raise ContentError(msg, payload=archive) from error


def _tables_in(opened: zipfile.ZipFile, archive: Payload, family: Family) -> Iterator[TableFile]:
    names = opened.namelist()
    if len(names) > _MOST_MEMBERS:
        msg = f"payload {archive.name}: {len(names):,} members; expected BEA's few hundred"
        raise ContentError(msg, payload=archive)
    found = [match for name in names if (match := _whole_table(name, family))]
    if not found:
        msg = f"payload {archive.name}: no member such as {family.member}"
        raise ContentError(msg, payload=archive)
    for match in found:
        footnotes = f"{match['table']}__Footnotes.html"
        members = [(match[0], "text/csv")]
        if footnotes in names:
            members.append((footnotes, "text/html"))
        yield TableFile(
            table=table_name(match["table"]),
            payloads=tuple(_member(opened, archive, *member) for member in members),
        )


def _whole_table(name: str, family: Family) -> re.Match[str] | None:
    """Match the name of a file that holds one of the tables, under today's name or a former one."""
    match = _CSV.fullmatch(name)
    return match if match and table_name(match["table"]) in family.titles else None


def _member(opened: zipfile.ZipFile, archive: Payload, name: str, media_type: str) -> Payload:
    # The declared size may lie: stop reading at the limit, whatever it says.
    with opened.open(name) as member:
        body = member.read(_LARGEST_MEMBER + 1)
    if len(body) > _LARGEST_MEMBER:
        msg = (
            f"payload {archive.name}, member {name}: unpacks to more than {_LARGEST_MEMBER >> 20} MiB; "
            "expected a CSV file of a few"
        )
        raise ContentError(msg, payload=archive)
    return Payload(
        name=name,
        body=body,
        media_type=media_type,
        request={**archive.request, "member": name, "archive_sha256": archive.sha256},
        retrieved=archive.retrieved,
    )
