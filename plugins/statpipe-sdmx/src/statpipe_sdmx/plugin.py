"""Offers a source and a normalizer for every flow, and a Gold family for each configured flow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from statpipe.api import Component, Instance, Model, Normalizer, Source, hookimpl
from statpipe_sdmx.settings import SdmxSettings

ALL_FREQUENCIES = "ASQMWD"


def make_source(settings: SdmxSettings) -> Source:
    """Make the source. Its modules are imported here, so listing plugins does not load them."""
    from statpipe_sdmx.source import SdmxSource

    return SdmxSource(settings)


def make_normalizer(_settings: object) -> Normalizer:
    """Make the normalizer."""
    from statpipe_sdmx.normalizer import SdmxNormalizer

    return SdmxNormalizer()


@hookimpl
def statpipe_sources() -> Iterable[Component]:
    """Offer the source."""
    return [
        Component(
            name="sdmx",
            summary='Any data flow of any agency that offers SDMX: [sources.NAME] use = "sdmx"',
            settings=SdmxSettings,
            factory=make_source,
            needs_instance=True,
        )
    ]


@hookimpl
def statpipe_normalizers() -> Iterable[Component]:
    """Offer the normalizer of the source's datasets."""
    return [
        Component(name="sdmx", summary="SDMX-CSV, SDMX-ML and SDMX-JSON", factory=make_normalizer)
    ]


@hookimpl
def statpipe_models(instances: Sequence[Instance]) -> Iterable[Model]:
    """Offer the standard Gold models of each configured flow."""
    from statpipe.api.gold import gold_models

    return [
        model
        for one in instances
        if one.component == "sdmx"
        for model in gold_models(
            name=one.gold,
            source=one.name,
            title=one.name.replace("_", " "),
            freq=str(one.settings.get("freq") or ALL_FREQUENCIES),
        )
    ]
