"""This plugin offers a source and a normalizer for every survey, and a Gold family for each
configured survey.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from statpipe.api import Component, Instance, Model, Normalizer, Source, hookimpl
from statpipe_bls.settings import BlsSettings

FREQUENCIES = "ASQM"


def make_source(settings: BlsSettings) -> Source:
    """Make the source. Its modules are imported here, so listing plugins does not load them."""
    from statpipe_bls.source import BlsSource

    return BlsSource(settings)


def make_normalizer(_settings: object) -> Normalizer:
    """Make the normalizer."""
    from statpipe_bls.normalizer import BlsNormalizer

    return BlsNormalizer()


@hookimpl
def statpipe_sources() -> Iterable[Component]:
    """Offer the source."""
    return [
        Component(
            name="bls",
            summary='BLS: unemployment, employment, wages and prices by area: [sources.NAME] use = "bls"',
            settings=BlsSettings,
            factory=make_source,
            needs_instance=True,
        )
    ]


@hookimpl
def statpipe_normalizers() -> Iterable[Component]:
    """Offer the normalizer of the source's datasets."""
    return [
        Component(
            name="bls", summary="Answers of BLS's API and its flat files", factory=make_normalizer
        )
    ]


@hookimpl
def statpipe_models(instances: Sequence[Instance] = ()) -> Iterable[Model]:
    """Offer the standard Gold models of each configured survey."""
    from statpipe.api.gold import gold_models

    return [
        model
        for one in instances
        if one.component == "bls"
        for model in gold_models(
            name=one.gold, source=one.name, title=one.name.replace("_", " "), freq=FREQUENCIES
        )
    ]
