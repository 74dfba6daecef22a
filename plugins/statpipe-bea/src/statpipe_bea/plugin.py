"""What this plugin offers: a source, its normalizer, and a Gold model."""

from __future__ import annotations

from collections.abc import Iterable

from statpipe.api import Component, Model, Normalizer, Source, hookimpl
from statpipe_bea.settings import BeaSettings, NormalizerSettings


def make_source(settings: BeaSettings) -> Source:
    """
    Make the source with the channel that the settings choose.
    """
    from statpipe_bea.source import BeaSource

    return BeaSource(settings)


def make_normalizer(settings: NormalizerSettings) -> Normalizer:
    """
    Make the normalizer of BEA's regional tables.
    """
    from statpipe_bea.normalizer import RegionalNormalizer

    return RegionalNormalizer(titles=dict(settings.titles))


@hookimpl
def statpipe_sources() -> Iterable[Component]:
    """
    Offer ``bea_pce_state``.
    """
    return [
        Component(
            name="bea_pce_state",
            summary="BEA: personal consumption expenditures by state, annual (SAPCE1 to SAPCE4)",
            settings=BeaSettings,
            factory=make_source,
        )
    ]


@hookimpl
def statpipe_normalizers() -> Iterable[Component]:
    """
    Offer ``bea_regional``.
    """
    return [
        Component(
            name="bea_regional",
            summary="BEA's regional tables: answers of the API and CSV files of the zips",
            settings=NormalizerSettings,
            factory=make_normalizer,
        )
    ]


@hookimpl
def statpipe_models() -> Iterable[Model]:
    """
    Offer ``pce_state``, its history and what is derived from it.
    """
    from statpipe_bea.gold.models import pce_state_models

    return pce_state_models()
