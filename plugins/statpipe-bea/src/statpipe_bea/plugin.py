"""What this plugin offers: sources, their normalizer, a check, and Gold models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from statpipe.api import Check, Component, Instance, Model, Normalizer, Source, hookimpl
from statpipe_bea.settings import (
    BeaSettings,
    LineNumberSettings,
    NormalizerSettings,
    PriceSettings,
)


def make_source(settings: BeaSettings) -> Source:
    """
    Make the source of PCE by state with the channel that the settings choose.
    """
    from statpipe_bea.source import BeaSource

    return BeaSource(settings)


def make_price_source(settings: PriceSettings) -> Source:
    """
    Make the source of regional prices with the channel that the settings choose.
    """
    from statpipe_bea.family import regional_prices
    from statpipe_bea.source import BeaSource

    return BeaSource(settings, regional_prices())


def make_normalizer(settings: NormalizerSettings) -> Normalizer:
    """
    Make the normalizer of BEA's regional tables.
    """
    from statpipe_bea.normalizer import RegionalNormalizer

    return RegionalNormalizer(titles=dict(settings.titles), units=dict(settings.units))


def make_line_numbers(settings: LineNumberSettings) -> Check:
    """
    Make the check on line numbers.
    """
    from statpipe_bea.line_numbers import LineNumbers

    return LineNumbers(settings)


@hookimpl
def statpipe_sources() -> Iterable[Component]:
    """
    Offer ``bea_pce_state`` and ``bea_rpp_state``.
    """
    return [
        Component(
            name="bea_pce_state",
            summary="BEA: personal consumption expenditures by state, annual (SAPCE1 to SAPCE4)",
            settings=BeaSettings,
            factory=make_source,
        ),
        Component(
            name="bea_rpp_state",
            summary="BEA: regional price parities, real income and deflators by state, annual "
            "(SARPP, SARPI, SAIRPD)",
            settings=PriceSettings,
            factory=make_price_source,
        ),
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
def statpipe_checks() -> Iterable[Component]:
    """
    Offer ``bea_line_numbers``.
    """
    return [
        Component(
            name="bea_line_numbers",
            summary="BEA's price tables: lines keep their numbers",
            settings=LineNumberSettings,
            factory=make_line_numbers,
            general=False,
        )
    ]


@hookimpl
def statpipe_models(instances: Sequence[Instance] = ()) -> Iterable[Model]:
    """
    Offer ``pce_state`` and ``rpp_state``, their histories and what is derived from them,
    ``pce_state_real``, which reads both, and a family for each instance. For each source of BLS's
    unemployment by state, offer a model that joins it to spending and prices.
    """
    from statpipe_bea.gold.models import pce_state_models, pce_state_real_models, rpp_state_models
    from statpipe_bea.gold.states import state_look

    families = {"bea_pce_state": pce_state_models, "bea_rpp_state": rpp_state_models}
    return [
        *pce_state_models(),
        *rpp_state_models(),
        *pce_state_real_models(),
        *(
            model
            for one in instances
            if one.component in families
            for model in families[one.component](one.gold, one.name)
        ),
        *(
            state_look(one.gold)
            for one in instances
            if one.component == "bls" and one.settings.get("survey") == "LA"
        ),
    ]
