"""The sources of BEA's regional tables: one family of tables, four channels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import attrs

from statpipe.api import (
    ConfigError,
    ContentError,
    Dataset,
    Diagnosis,
    Payload,
    Rejected,
    Selection,
    Source,
    Vintage,
)
from statpipe_bea.channels.channel import Channel
from statpipe_bea.crosswalk import is_renumbered
from statpipe_bea.family import Family, pce_by_state
from statpipe_bea.selection import configured_datasets
from statpipe_bea.settings import SIGN_UP_URL, BeaSettings, RegionalSettings

_SMOKE_YEAR = "2019"
"""A year that every channel offers."""


class BeaSource(Source):
    """
    The tables of one family; by default, PCE by state.
    """

    def __init__(
        self,
        settings: RegionalSettings,
        family: Family | None = None,
        channel: Channel | None = None,
    ) -> None:
        self._settings = settings
        family = family or pce_by_state()
        self._family = attrs.evolve(family, source=settings.instance or family.source)
        self._given = channel
        lines = settings.lines if isinstance(settings, BeaSettings) else ()
        self._datasets = configured_datasets(settings, self._family, lines)

    @cached_property
    def _channel(self) -> Channel:
        # Chosen at first use: commands that only read Bronze need no key.
        return self._given or chosen_channel(self._settings, self._family)

    @property
    def notice(self) -> str:
        return self._channel.notice

    @property
    def attribution(self) -> str:
        return self._channel.attribution

    def datasets(self) -> Sequence[Dataset]:
        return self._datasets

    def probe(self, dataset: Dataset) -> Vintage:
        offered = self.vintages(dataset)
        if not offered:
            msg = f"{dataset.name} is not in any configured channel; leave it out of `tables`"
            raise Rejected(msg)
        return offered[-1]

    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:
        return self._channel.vintages(dataset)

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        return self._channel.fetch(dataset, vintage)

    def requests(self, dataset: Dataset, vintage: Vintage) -> int | None:
        return self._channel.requests(dataset, vintage)

    def waiting(self, requests: int) -> float:
        return self._channel.waiting(requests)

    def archive(self, places: Sequence[str]) -> Source:
        from statpipe_bea.channels.files import FilesChannel

        home = self._settings.environment.home
        channel = FilesChannel(
            "archive", places, home, self._family, partial=True, seconds=self._settings.timeout
        )
        return BeaSource(self._settings, self._family, channel)

    def unreadable(self) -> Sequence[ContentError]:
        return self._channel.unreadable

    def smallest(self, dataset: Dataset) -> Dataset:
        line, area = dataset.categories[0].code, dataset.areas[0].code
        if is_renumbered(dataset.name):
            # A table has had more categories than it has now.
            line = (self.probe(dataset).selection.categories or (line,))[0]
        tiny = Selection(areas=(area,), categories=(line,), periods=(_SMOKE_YEAR,))
        return attrs.evolve(dataset, selection=tiny)

    def diagnose(self) -> Iterable[Diagnosis]:
        return self._channel.diagnose()

    def close(self) -> None:
        if "_channel" in self.__dict__:
            self._channel.close()


def chosen_channel(settings: RegionalSettings, family: Family) -> Channel:
    """
    Return the configured channel, or the first possible one.

    :raises ConfigError: A setting or key that the channel needs is missing.
    """
    home = settings.environment.home
    name = settings.channel if settings.channel != "auto" else _first_possible(settings, family)
    if name == "api":
        if settings.key is None:
            raise ConfigError(_no_key(settings, family))
        from statpipe_bea.channels.api import ApiChannel

        return ApiChannel(
            settings.key,
            settings.api_url,
            family.source,
            seconds=settings.timeout,
            requests_per_minute=settings.requests_per_minute,
            remembered=home / ".statpipe" / "limits",
        )
    if name == "sample":
        if not settings.environment.embedded:
            msg = (
                f"environment {settings.environment.name} never reads the bundled sample; set "
                f"sources.{family.source}.channel to api, bulk or archive"
            )
            raise ConfigError(msg)
        from statpipe_bea.channels.sample import SampleChannel

        return SampleChannel(family)
    from statpipe_bea.channels.files import FilesChannel

    if name == "bulk":
        places = [settings.bulk or family.zip_url]
        return FilesChannel("bulk", places, home, family, seconds=settings.timeout)
    if not settings.archive:
        msg = (
            f"sources.{family.source}.archive is empty; give folders, zips or URLs of BEA's "
            "older files"
        )
        raise ConfigError(msg)
    return FilesChannel("archive", settings.archive, home, family, seconds=settings.timeout)


def _first_possible(settings: RegionalSettings, family: Family) -> str:
    if settings.key is not None:
        return "api"
    if settings.bulk:
        return "bulk"
    if settings.archive:
        return "archive"
    if settings.environment.embedded:
        return "sample"
    raise ConfigError(_no_key(settings, family))


def _no_key(settings: RegionalSettings, family: Family) -> str:
    return (
        f"environment {settings.environment.name} has no key for BEA: BEA_API_KEY is not set; get a "
        f"free key at {SIGN_UP_URL} and set it in the process environment or in .env, or set "
        f'sources.{family.source}.channel = "bulk", which needs no key'
    )
