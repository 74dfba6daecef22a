"""The source ``bea_pce_state``: one set of tables, four ways to them."""

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
    Selection,
    Source,
    Vintage,
)
from statpipe_bea.channels.channel import Channel
from statpipe_bea.selection import configured_datasets
from statpipe_bea.settings import BULK_URL, SIGN_UP_URL, BeaSettings

_SMOKE_YEAR = "2019"
"""A year that every channel has."""


class BeaSource(Source):
    """
    Personal consumption expenditures by state.
    """

    def __init__(self, settings: BeaSettings, channel: Channel | None = None) -> None:
        self._settings = settings
        self._given = channel
        self._datasets = configured_datasets(settings)

    @cached_property
    def _channel(self) -> Channel:
        # Chosen when first needed: what works on Bronze alone asks for no key.
        return self._given or chosen_channel(self._settings)

    @property
    def notice(self) -> str:
        return self._channel.notice

    @property
    def attribution(self) -> str:
        return self._channel.attribution

    def datasets(self) -> Sequence[Dataset]:
        return self._datasets

    def probe(self, dataset: Dataset) -> Vintage:
        return self.vintages(dataset)[-1]

    def vintages(self, dataset: Dataset) -> Sequence[Vintage]:
        return self._channel.vintages(dataset)

    def fetch(self, dataset: Dataset, vintage: Vintage) -> Iterator[Payload]:
        return self._channel.fetch(dataset, vintage)

    def requests(self, dataset: Dataset, vintage: Vintage) -> int | None:
        return self._channel.requests(dataset, vintage)

    def archive(self, places: Sequence[str]) -> Source:
        from statpipe_bea.channels.files import FilesChannel

        home = self._settings.environment.home
        return BeaSource(self._settings, FilesChannel("archive", places, home, partial=True))

    def unreadable(self) -> Sequence[ContentError]:
        return self._channel.unreadable

    def smallest(self, dataset: Dataset) -> Dataset:
        line, area = dataset.categories[0].code, dataset.areas[0].code
        tiny = Selection(areas=(area,), categories=(line,), periods=(_SMOKE_YEAR,))
        return attrs.evolve(dataset, selection=tiny)

    def diagnose(self) -> Iterable[Diagnosis]:
        return self._channel.diagnose()

    def close(self) -> None:
        if "_channel" in self.__dict__:
            self._channel.close()


def chosen_channel(settings: BeaSettings) -> Channel:
    """
    Make the channel that is configured, or the first that is possible.

    :raises ConfigError: Something that the channel needs is missing.
    """
    home = settings.environment.home
    name = settings.channel if settings.channel != "auto" else _first_possible(settings)
    if name == "api":
        if settings.key is None:
            raise ConfigError(_no_key(settings))
        from statpipe_bea.channels.api import ApiChannel

        return ApiChannel(settings.key, settings.api_url)
    if name == "sample":
        if not settings.environment.embedded:
            msg = (
                f"environment {settings.environment.name} never reads the bundled sample; set "
                "sources.bea_pce_state.channel to api, bulk or archive"
            )
            raise ConfigError(msg)
        from statpipe_bea.channels.sample import SampleChannel

        return SampleChannel()
    from statpipe_bea.channels.files import FilesChannel

    if name == "bulk":
        return FilesChannel("bulk", [settings.bulk or BULK_URL], home)
    if not settings.archive:
        msg = "sources.bea_pce_state.archive is empty; name folders, zips or addresses of BEA's older files"
        raise ConfigError(msg)
    return FilesChannel("archive", settings.archive, home)


def _first_possible(settings: BeaSettings) -> str:
    if settings.key is not None:
        return "api"
    if settings.bulk:
        return "bulk"
    if settings.archive:
        return "archive"
    if settings.environment.embedded:
        return "sample"
    raise ConfigError(_no_key(settings))


def _no_key(settings: BeaSettings) -> str:
    return (
        f"environment {settings.environment.name} has no key for BEA: BEA_API_KEY is not set; get one "
        f"free at {SIGN_UP_URL} and put it into the process environment or into .env, or set "
        'sources.bea_pce_state.channel = "bulk", which needs none'
    )
