"""The channels ``bulk`` and ``archive``: BEA's current and older zips."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import attrs
from attrs import frozen

from statpipe.api import (
    ConfigError,
    ContentError,
    Dataset,
    Diagnosis,
    Payload,
    Rejected,
    Vintage,
)
from statpipe_bea.channels.channel import Channel
from statpipe_bea.channels.download import is_address
from statpipe_bea.channels.downloads import Downloads
from statpipe_bea.channels.whole_tables import AmbiguousTable, whole_tables
from statpipe_bea.channels.zips import NotAnAnswer, TableFile, table_files
from statpipe_bea.family import Family
from statpipe_bea.lines import ReleaseLines

logger = logging.getLogger(__name__)


@frozen(kw_only=True)
class Place:
    """
    A path or URL of a file. ``folder`` is the configured folder in which it was found, if any.
    """

    path: str
    folder: str = ""

    @property
    def is_local(self) -> bool:
        """
        Whether this is a file on this machine.
        """
        return not is_address(self.path)


@frozen(kw_only=True)
class Entry:
    """
    A release of a table, and its file. ``digest`` is the file's own hash.
    """

    table: str
    place: Place
    name: str
    size: int
    digest: str
    vintage: Vintage
    payloads: int
    lines: ReleaseLines

    @property
    def note(self) -> str:
        """
        The last update of the file.
        """
        return self.vintage.note

    @property
    def is_loose(self) -> bool:
        """
        Whether the table is a file in a folder, and not in a zip.
        """
        return bool(self.place.folder) and self.name == self.place.path


class FilesChannel(Channel):
    """
    Reads tables from zips. A zip has one release of each of its tables.

    An archive has many zips. Each is unpacked once to list its tables, and again when one of its
    releases is fetched, so only one is in memory at a time. If a folder or a zip has several CSV
    files of a table, the one with all areas is used. A *partial* channel skips files that cannot be
    read and tables that no file has. *seconds* is the time limit of one download.
    """

    def __init__(
        self,
        name: str,
        places: Sequence[str],
        home: Path,
        family: Family,
        *,
        partial: bool = False,
        seconds: float = 300.0,
    ) -> None:
        self.name = name
        self.unreadable: list[ContentError] = []
        self._places = tuple(places)
        self._home = home
        self._family = family
        self._partial = partial
        self._downloads = Downloads(home, seconds)
        self._index: list[Entry] | None = None
        self._opened: tuple[Place, list[TableFile]] | None = None

    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:
        found: dict[str, Vintage] = {}
        for entry in self._contents(dataset):
            found.setdefault(entry.vintage.token, entry.vintage)
        elsewhere = dataset.name in self._family.lacking and bool(self._index)
        if not found and not self._partial and not elsewhere:
            places = ", ".join(self._places)
            raise Rejected(f"{dataset.name} is not in {places}; leave it out of `tables`")
        return sorted(found.values(), key=lambda vintage: vintage.released)

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        entry = self._entry(dataset, vintage)
        for file in self._open(entry.place) if entry else ():
            if entry and file.table == dataset.name and file.digest == entry.digest:
                yield from file.payloads
                return

    def requests(self, dataset: Dataset, vintage: Vintage) -> int:
        entry = self._entry(dataset, vintage)
        return entry.payloads if entry else 0

    def diagnose(self) -> Iterable[Diagnosis]:
        missing = [p for p in self._places if not is_address(p) and not (self._home / p).exists()]
        if missing:
            yield Diagnosis(
                self._family.source,
                "error",
                f"{missing[0]} does not exist",
                "name an existing file",
            )
        else:
            yield Diagnosis(
                self._family.source, "ok", f"reads {', '.join(self._places)} (no key needed)"
            )

    def close(self) -> None:
        self._opened = None
        self._downloads.close()

    def _entry(self, dataset: Dataset, vintage: Vintage) -> Entry | None:
        entries = self._contents(dataset)
        return next((e for e in entries if e.vintage.token == vintage.token), None)

    def _contents(self, dataset: Dataset) -> list[Entry]:
        """Return the releases of a dataset's table, with its selection."""
        if self._index is None:
            self._index = list(self._whole(self._places_in_order()))
        return [
            attrs.evolve(e, vintage=e.lines.vintage(e.vintage, dataset.selection))
            for e in self._index
            if e.table == dataset.name
        ]

    def _whole(self, places: Iterable[Place]) -> Iterator[Entry]:
        """
        Yield the tables in all places. Of loose files in a folder, yield one per table and release.
        """
        for _, group in groupby(places, key=lambda place: place.folder):
            entries = [entry for place in group for entry in self._listed(place)]
            try:
                whole = whole_tables(entry for entry in entries if entry.is_loose)
            except AmbiguousTable as error:
                whole = self._set_aside(error)
            yield from (entry for entry in entries if not entry.is_loose or entry in whole)

    def _listed(self, place: Place) -> list[Entry]:
        """Return the tables in one file."""
        try:
            return [
                Entry(
                    table=file.table,
                    place=place,
                    name=file.name if file.member else place.path,
                    size=file.size,
                    digest=file.digest,
                    vintage=file.vintage(),
                    payloads=len(file.payloads),
                    lines=file.lines(self._family.dataset(file.table)),
                )
                for file in self._open(place)
            ]
        except NotAnAnswer as error:
            if place.folder:
                logger.warning("%s was skipped: %s", place.path, error)
                return []
            if place.is_local:
                msg = (
                    f"{place.path} contains none of {', '.join(self._family.titles)}; name BEA's "
                    "zip, or a CSV file from it"
                )
                raise ConfigError(msg) from error
            return self._set_aside(error)
        except ContentError as error:
            return self._set_aside(error)

    def _set_aside(self, error: ContentError) -> list[Entry]:
        if not self._partial:
            raise error
        self.unreadable.append(error)
        return []

    def _places_in_order(self) -> Iterator[Place]:
        """Return each file once. A folder stands for the files in it."""
        return iter(dict.fromkeys(file for place in self._places for file in self._inside(place)))

    def _inside(self, place: str) -> Iterator[Place]:
        path = self._home / Path(place).expanduser()
        if is_address(place) or not path.is_dir():
            yield Place(path=place)
            return
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in {".zip", ".csv"})
        if not inside:
            raise ConfigError(
                f"{path} contains no .zip or .csv file; name a folder with BEA's zips"
            )
        yield from (Place(path=str(file), folder=str(path)) for file in inside)

    def _open(self, place: Place) -> list[TableFile]:
        if self._opened is None or self._opened[0] != place:
            self._opened = (place, table_files(self._downloads.read(place.path), self._family))
        return self._opened[1]
