"""What catalogs of data say of Gold."""

import pytest
import yaml

from statpipe.engine.answers.catalog import documents
from statpipe.engine.site.site import open_lake
from statpipe_postgres import plugin as postgres


@pytest.mark.parametrize(
    ("settings", "schema"),
    [({}, "gold"), ({"gold_schema": "figures"}, "figures"), ({"gold_schema": "${WHERE}"}, "marts")],
)
def test_dbt_finds_gold_in_the_configured_schema(office, settings, schema):
    office.run()
    office.document["environments"] = {"local": {"sinks": {"lake": {}, "postgres": settings}}}
    registry = office.registry
    registry.register("database", "statpipe-postgres", "1.0", postgres)
    configuration = office.configuration
    configuration.variables["WHERE"] = "marts"
    site = open_lake(configuration, registry, "local")
    (source,) = yaml.safe_load(documents(site)["sources.yml"])["sources"]
    assert source["schema"] == schema
