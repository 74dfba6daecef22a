"""The channels ``bulk`` and ``archive``: BEA's zips, today's or older ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
from statpipe_bea.channels.zips import TableFile, table_files
from statpipe_bea.family import Family
from statpipe_bea.lines import ReleaseLines


@frozen(kw_only=True)
class Entry:
    """
    A release of a table, and the file that it lies in. ``digest`` is the file's own token.
    """

    table: str
    place: str
    digest: str
    vintage: Vintage
    payloads: int
    lines: ReleaseLines


class FilesChannel(Channel):
    """
    Tables out of zips; one zip is one release of each table in it.

    An archive holds many. Each is unpacked once for its table of contents, and once more when a
    release of it is fetched, so that only one is in memory. A *partial* channel brings what it can:
    files that cannot be read are set aside, and a table may be in none.
    """

    def __init__(
        self,
        name: str,
        places: Sequence[str],
        home: Path,
        family: Family,
        *,
        partial: bool = False,
    ) -> None:
        self.name = name
        self.unreadable: list[ContentError] = []
        self._places = tuple(places)
        self._home = home
        self._family = family
        self._partial = partial
        self._downloads = Downloads(home)
        self._index: list[Entry] | None = None
        self._opened: tuple[str, list[TableFile]] | None = None

    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:
        found: dict[str, Vintage] = {}
        for entry in self._contents(dataset):
            found.setdefault(entry.vintage.token, entry.vintage)
        elsewhere = dataset.name in self._family.lacking and bool(self._index)
        if not found and not self._partial and not elsewhere:
            places = ", ".join(self._places)
            raise Rejected(f"{dataset.name} is in none of {places}; leave it out of `tables`")
        return sorted(found.values(), key=lambda vintage: vintage.released)

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        entry = self._entry(dataset, vintage)
        for file in self._open(entry.place) if entry else ():
            if entry and file.table == dataset.name and file.vintage().token == entry.digest:
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
                f"{missing[0]} is not there",
                "name a file that is there",
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
        """Return what there is of a dataset, with its selection."""
        if self._index is None:
            self._index = [entry for place in self._files() for entry in self._listed(place)]
        return [
            attrs.evolve(e, vintage=e.lines.vintage(e.vintage, dataset.selection))
            for e in self._index
            if e.table == dataset.name
        ]

    def _listed(self, place: str) -> list[Entry]:
        """Return the table of contents of one file."""
        try:
            return [
                Entry(
                    table=file.table,
                    place=place,
                    digest=file.vintage().token,
                    vintage=file.vintage(),
                    payloads=len(file.payloads),
                    lines=file.lines(self._family.dataset(file.table)),
                )
                for file in self._open(place)
            ]
        except ContentError as error:
            if not self._partial:
                raise
            self.unreadable.append(error)
            return []

    def _files(self) -> Iterator[str]:
        """Return each file once, folders replaced by what is in them."""
        return iter(dict.fromkeys(file for place in self._places for file in self._inside(place)))

    def _inside(self, place: str) -> Iterator[str]:
        path = self._home / Path(place).expanduser()
        if is_address(place) or not path.is_dir():
            yield place
            return
        inside = sorted(p for p in path.iterdir() if p.suffix.lower() in {".zip", ".csv"})
        if not inside:
            raise ConfigError(f"{path} has no .zip and no .csv file; name a folder of BEA's zips")
        yield from map(str, inside)

    def _open(self, place: str) -> list[TableFile]:
        if self._opened is None or self._opened[0] != place:
            self._opened = (place, list(table_files(self._downloads.read(place), self._family)))
        return self._opened[1]
