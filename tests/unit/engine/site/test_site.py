"""An environment opened just for reading."""

import pytest

from statpipe.api import ConfigError
from statpipe.engine.site.site import open_lake


def opened(office, *sinks):
    if sinks:
        office.document["environments"] = {"local": {"sinks": {name: {} for name in sinks}}}
    return open_lake(office.configuration, office.registry, "local")


def test_the_lake_is_made_first_and_other_sinks_on_demand(office):
    site = opened(office, "lake", "ledger")
    assert site.lake is office.lake
    assert list(site.sinks) == ["lake"]
    assert site.sink("ledger") is office.ledger
    assert list(site.sinks) == ["lake", "ledger"]


def test_the_lake_is_found_behind_other_sinks(office):
    assert opened(office, "ledger", "lake").lake is office.lake


def test_an_unconfigured_sink_is_not_made(office):
    site = opened(office, "lake")
    with pytest.raises(ConfigError, match="environment local has no sink 'ledger'; there are lake"):
        site.sink("ledger")


def test_an_environment_without_a_lake_is_refused(office):
    with pytest.raises(ConfigError, match="environment local has 0 lakes among its sinks"):
        opened(office, "ledger")
