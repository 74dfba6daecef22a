"""Reads zips and CSV files of BEA's tables; their content decides, not their names.

People keep BEA's zips unchanged, repacked, unpacked into folders, or several in one. Members are
never written to disk, so their names are harmless.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

import attrs
from attrs import define, field, frozen

from statpipe.api import ContentError, Dataset, Payload, Vintage
from statpipe.domain.selection import EVERYTHING
from statpipe_bea.channels.channel import vintage_of
from statpipe_bea.channels.whole_tables import AmbiguousTable, whole_tables
from statpipe_bea.crosswalk import is_renumbered
from statpipe_bea.csv_tables import Head, head_of, printed_lines, read_csv
from statpipe_bea.family import Family, pce_by_state
from statpipe_bea.lines import ReleaseLines, release_lines
from statpipe_bea.tables import table_name
from statpipe_bea.text import text_of

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)
"""What zipfile raises for damaged bytes and for unknown compression methods."""

_LARGEST_MEMBER = 64 << 20
_LARGEST_SUM = 256 << 20
_MOST_MEMBERS = 10_000
_DEEPEST = 1
_MEDIA_TYPES = {".csv": "text/csv", ".html": "text/html", ".htm": "text/html"}
_FOOTNOTES = re.compile(r"<TITLE>\s*([A-Z0-9]+) Footnotes", re.IGNORECASE)
_MARKS = (b"geofips", b"bureau of economic analysis", b"bea.gov")


@frozen(kw_only=True)
class TableFile:
    """
    One table of one release: its CSV file and its page of footnotes, under today's name.

    ``member`` is the path of the CSV file in a zip, ``note`` the last update in its footer.
    """

    table: str
    note: str | None
    member: str = ""
    payloads: tuple[Payload, ...]

    @property
    def name(self) -> str:
        """
        The name of the CSV file, with its folders.
        """
        return self.member or self.payloads[0].name

    @property
    def size(self) -> int:
        """
        The length of the CSV file in bytes.
        """
        return len(self.payloads[0].body)

    @property
    def digest(self) -> str:
        """
        SHA-256 of the CSV file and its footnotes.
        """
        return hashlib.sha256(b"".join(payload.body for payload in self.payloads)).hexdigest()

    def vintage(self) -> Vintage:
        """
        Return the release, by the note in the file's footer.

        :raises ContentError: It has none.
        """
        csv = self.payloads[0]
        place = "the file's complete footer; it may have been cut off"
        return vintage_of(self.note, f"csv:{self.digest}", EVERYTHING, csv, place)

    def lines(self, dataset: Dataset) -> ReleaseLines:
        """
        Return which category each line is.

        :raises ContentError: The file of a renumbered table is malformed.
        """
        if not is_renumbered(dataset.name):
            return ReleaseLines(table=dataset.name, codes={})
        printed = printed_lines(read_csv(self.payloads[0]))
        return release_lines(dataset, printed, self.vintage().released)


class NotAnAnswer(ContentError):
    """
    A file that is not from BEA, such as a text about something else. It is not stored.
    """


def table_files(archive: Payload, family: Family | None = None) -> list[TableFile]:
    """
    Return a family's tables in a zip, or the one in a bare CSV file.

    If the zip has a table both for all areas and for single areas, the file for all areas is
    returned.

    :raises NotAnAnswer: The file contains none of the tables, and is not a damaged zip.
    :raises ContentError: The file is damaged, contains the same table and release twice, or unpacks
        to more bytes than any file from BEA.
    """
    family = family or pce_by_state()
    found = _in_zip(archive, family) if _is_zip(archive) else _bare(archive, family)
    if not found:
        msg = (
            f"payload {archive.name}: contains none of {', '.join(family.titles)}; expected BEA's "
            f"{family.zip_url.rpartition('/')[2]}, or a CSV file from it"
        )
        raise _not_found(archive, msg)
    return found


def _is_zip(archive: Payload) -> bool:
    return archive.body.startswith(b"PK") or (
        not _has_marks(archive) and zipfile.is_zipfile(io.BytesIO(archive.body))
    )


def _not_found(archive: Payload, msg: str) -> ContentError:
    """
    Return the error for a file without tables. Bronze keeps a file that may be from BEA: it names
    BEA, or is a zip that lost its beginning.
    """
    broken = archive.name.lower().endswith(".zip") and b"\0" in archive.body
    if _has_marks(archive) or (broken and not _is_zip(archive)):
        return ContentError(msg, payload=archive)
    return NotAnAnswer(msg)


def _has_marks(archive: Payload) -> bool:
    if archive.body.startswith(b"PK"):
        return False
    text = archive.body.replace(b"\0", b"").lower()  # UTF-16 has a NUL beside each letter
    return any(mark in text for mark in _MARKS)


def _bare(archive: Payload, family: Family) -> list[TableFile]:
    if not _has_marks(archive):
        return []
    csv = attrs.evolve(archive, media_type="text/csv")
    head = head_of(csv)
    if head is None or table_name(head.table) not in family.titles:
        return []
    return [TableFile(table=table_name(head.table), note=head.note, payloads=(csv,))]


@frozen(kw_only=True)
class _Member:
    """A member that may belong to a table: its folder and name in the zip, and its content."""

    folder: str
    name: str
    payload: Payload = field(repr=False)
    head: Head | None = None


@define
class _Room:
    """How many bytes may still be unpacked from a zip, whatever sizes it declares."""

    archive: Payload
    members: int
    size: int

    def read(self, opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
        limit = min(_LARGEST_MEMBER, self.size)
        with opened.open(info) as member:
            body = member.read(limit + 1)
        if len(body) > limit:
            what = f", member {info.filename!r}" if limit == _LARGEST_MEMBER else ""
            msg = (
                f"payload {self.archive.name}{what}: unpacks to more than {limit >> 20} MiB; "
                "expected CSV files of a few MiB"
            )
            if limit < _LARGEST_MEMBER:
                msg = (
                    f"payload {self.archive.name}: unpacks to more than {_LARGEST_SUM >> 20} MiB "
                    "in all; expected CSV files of a few MiB"
                )
            raise ContentError(msg, payload=self.archive)
        self.size -= len(body)
        return body


def _in_zip(archive: Payload, family: Family) -> list[TableFile]:
    try:
        members = list(_members(archive.body, _Room(archive, _MOST_MEMBERS, _LARGEST_SUM), "", 0))
    except _DAMAGE as error:
        msg = (
            f"payload {archive.name}: not a valid zip file ({error}); expected BEA's "
            f"{family.zip_url.rpartition('/')[2]}, complete"
        )
        raise ContentError(msg, payload=archive) from error
    pages = [member for member in members if member.payload.media_type == "text/html"]
    headed = [_headed(m, family) for m in members if m.payload.media_type == "text/csv"]
    try:
        return whole_tables(
            TableFile(
                table=table_name(member.head.table),
                member=member.name,
                note=member.head.note,
                payloads=(member.payload, *_footnotes_of(member, pages)),
            )
            for member in headed
            if member.head is not None and table_name(member.head.table) in family.titles
        )
    except AmbiguousTable as error:
        raise ContentError(f"payload {archive.name}: {error}", payload=archive) from error


def _members(body: bytes, room: _Room, place: str, depth: int) -> Iterator[_Member]:
    """Yield the CSV files and pages in a zip and in nested zips."""
    with zipfile.ZipFile(io.BytesIO(body)) as opened:
        infos = opened.infolist()
        room.members -= len(infos)
        if room.members < 0:
            msg = f"payload {room.archive.name}: more than {_MOST_MEMBERS:,} members; expected BEA's few hundred"
            raise ContentError(msg, payload=room.archive)
        for info in infos:
            path = PurePosixPath(place + info.filename.replace("\\", "/"))
            suffix = path.suffix.lower()
            if info.is_dir() or "__MACOSX" in path.parts or path.name.startswith("."):
                continue
            if suffix == ".zip" and depth < _DEEPEST:
                yield from _members(room.read(opened, info), room, f"{path}/", depth + 1)
            elif suffix in _MEDIA_TYPES:
                yield _member(room, path, room.read(opened, info), _MEDIA_TYPES[suffix])


def _member(room: _Room, path: PurePosixPath, body: bytes, media_type: str) -> _Member:
    shown = "".join(c if c.isprintable() else "?" for c in str(path))
    archive = room.archive
    return _Member(
        folder=str(path.parent),
        name=shown,
        payload=Payload(
            name=_safe(path.name),
            body=body,
            media_type=media_type,
            request={**archive.request, "member": shown, "archive_sha256": archive.sha256},
            retrieved=archive.retrieved,
        ),
    )


def _headed(member: _Member, family: Family) -> _Member:
    """
    Return the table in a member. A damaged member is an error only if its name is that of a table.
    """
    word = re.split(r"[^A-Z0-9]", PurePosixPath(member.name).name.upper(), maxsplit=1)[0]
    ours = table_name(word) in family.titles
    try:
        head = head_of(member.payload)
    except ContentError:
        if ours:
            raise
        return member
    if ours and (head is None or not head.table):
        msg = (
            f"payload {member.payload.name}: no table rows; expected BEA's complete CSV of "
            f"{table_name(word)}; it may have been cut off"
        )
        raise ContentError(msg, payload=member.payload)
    return attrs.evolve(member, head=head)


def _footnotes_of(member: _Member, pages: list[_Member]) -> tuple[Payload, ...]:
    """
    Return the page of footnotes of a table: in the same folder, for the same table, and for the
    same release if there are several.
    """
    assert member.head is not None, "only tables have footnotes"
    wanted = member.head.table.upper()
    found: dict[str, Payload] = {}
    for page in pages:
        if page.folder == member.folder:
            text = text_of(page.payload)
            title = _FOOTNOTES.search(text)
            if title and title[1].upper() == wanted:
                found[page.payload.sha256] = page.payload
    if len(found) > 1 and member.head.note:
        note = member.head.note
        found = {sha: p for sha, p in found.items() if note in " ".join(text_of(p).split())}
    if len(found) > 1:
        names = " and ".join(payload.name for payload in found.values())
        msg = (
            f"payload {member.payload.name}: {names} are both footnotes of {wanted} for {member.head.note!r}; "
            "expected one page, keep the one that belongs to the file"
        )
        raise ContentError(msg, payload=member.payload)
    return tuple(found.values())


def _safe(name: str) -> str:
    kept = "".join(c if (c.isascii() and c.isalnum()) or c in "._-" else "_" for c in name)
    return kept.lstrip("._-") or "file"
