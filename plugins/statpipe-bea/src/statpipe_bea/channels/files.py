"""The channels ``bulk`` and ``archive``: BEA's zips, today's or older ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from statpipe.api import ConfigError, Dataset, Diagnosis, Payload, Rejected, Vintage
from statpipe_bea.channels.channel import Channel
from statpipe_bea.channels.download import is_address, retrieved
from statpipe_bea.channels.zips import TableFile, table_files


class FilesChannel(Channel):
    """
    Tables out of zips; one zip is one release of each table in it.

    An archive holds many. Each is read once for its table of contents, and once more when a release
    of it is fetched, so that only one is in memory.
    """

    def __init__(self, name: str, places: Sequence[str], home: Path) -> None:
        self.name = name
        self._places = tuple(places)
        self._home = home
        self._index: list[tuple[str, str, Vintage]] | None = None
        self._opened: tuple[str, list[TableFile]] | None = None

    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:
        found: dict[str, Vintage] = {}
        for table, _, vintage in self._contents(dataset):
            if table == dataset.name:
                found.setdefault(vintage.token, vintage)
        if not found:
            places = ", ".join(self._places)
            raise Rejected(f"{dataset.name} is in none of {places}; leave it out of `tables`")
        return sorted(found.values(), key=lambda vintage: vintage.released)

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        for table, place, found in self._contents(dataset):
            if table == dataset.name and found.token == vintage.token:
                for file in self._open(place):
                    if file.table == table and file.vintage(vintage.selection).token == found.token:
                        yield from file.payloads
                        return

    def requests(self, dataset: Dataset, vintage: Vintage) -> int:
        return sum(1 for _ in self.fetch(dataset, vintage))

    def diagnose(self) -> Iterable[Diagnosis]:
        missing = [p for p in self._places if not is_address(p) and not (self._home / p).exists()]
        if missing:
            yield Diagnosis(
                "bea_pce_state", "error", f"{missing[0]} is not there", "name a file that is there"
            )
        else:
            yield Diagnosis(
                "bea_pce_state", "ok", f"reads {', '.join(self._places)} (no key needed)"
            )

    def _contents(self, dataset: Dataset) -> list[tuple[str, str, Vintage]]:
        if self._index is None:
            self._index = [
                (file.table, place, file.vintage(dataset.selection))
                for place in self._files()
                for file in self._open(place)
            ]
        return [(t, p, _selected(v, dataset)) for t, p, v in self._index]

    def _files(self) -> Iterator[str]:
        for place in self._places:
            path = self._home / Path(place).expanduser()
            if is_address(place) or not path.is_dir():
                yield place
                continue
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in {".zip", ".csv"})
            if not inside:
                raise ConfigError(
                    f"{path} has no .zip and no .csv file; name a folder of BEA's zips"
                )
            yield from map(str, inside)

    def _open(self, place: str) -> list[TableFile]:
        if self._opened is None or self._opened[0] != place:
            self._opened = (place, list(table_files(retrieved(place, self._home))))
        return self._opened[1]


def _selected(vintage: Vintage, dataset: Dataset) -> Vintage:
    import attrs

    return attrs.evolve(vintage, selection=dataset.selection)
