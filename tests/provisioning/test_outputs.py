"""The values for the next steps: complete, readable by who reads them, private."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from provisioning.variables import read_variables

ROOT = Path(__file__).parents[2]
TITLE = "GitHub, environment staging, "


@pytest.fixture
def blocks(moto, provision, tmp_path):
    file = tmp_path / "staging.values"
    code, out, _ = provision("--outputs", str(file))
    assert code == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() in out
    found = {}
    for part in file.read_text().split("# ")[1:]:
        title, _, text = part.partition("\n")
        (tmp_path / "part").write_text(text)
        found[title] = read_variables(tmp_path / "part", {})
    return found


def test_the_values_match_what_statpipe_and_the_workflow_read(blocks):
    configuration = (ROOT / "statpipe.toml").read_text()
    wanted = set(re.findall(r"\$\{(STATPIPE_STAGING_\w+)\}", configuration))
    assert set(blocks[".env"]) == wanted
    workflow = (ROOT / ".github" / "workflows" / "ingest.yml").read_text()
    for kind in ("vars", "secrets"):
        asked = set(re.findall(rf"{kind}\.([A-Z_]+)", workflow))
        asked = {name for name in asked if "_PROD_" not in name}
        given = blocks[TITLE + {"vars": "variables", "secrets": "secrets"}[kind]]
        by_hand = {"STATPIPE_SCHEDULE", "BEA_API_KEY", "BLS_API_KEY", "STATPIPE_WEBHOOK_URL"}
        assert set(given) == asked - by_hand


def test_the_address_leads_through_the_tunnel_to_the_database(blocks, client):
    (instance,) = client("rds").describe_db_instances()["DBInstances"]
    host = instance["Endpoint"]["Address"]
    assert blocks[TITLE + "secrets"] == {
        "STATPIPE_STAGING_PG": f"host={host} hostaddr=127.0.0.1 port=15432 user=statpipe_ingest "
        "dbname=statpipe"
    }
    assert blocks[".env"]["STATPIPE_STAGING_LAKE"] == "s3://statpipe-data-test"


def test_no_value_is_the_id_of_a_replaceable_resource(blocks):
    """A bastion gets a new one with every image: it is found by its name."""
    assert not [value for part in blocks.values() for value in part.values() if "i-" in value]


def test_no_value_is_a_password(blocks, client):
    (secret,) = client("secretsmanager").list_secrets()["SecretList"]
    password = client("secretsmanager").get_secret_value(SecretId=secret["ARN"])["SecretString"]
    assert not any(password in value for part in blocks.values() for value in part.values())


def test_without_a_bastion_the_address_is_direct(moto, provision):
    _, out, _ = provision("--no-bastion")
    assert "hostaddr" not in out
    assert re.search(r'STATPIPE_STAGING_PG="host=\S+ port=5432 user=statpipe_ingest', out)


def test_an_unwritable_file_is_named(moto, provision, tmp_path):
    code, _, err = provision("--outputs", str(tmp_path / "nowhere" / "x"))
    assert code == 2
    assert err.splitlines()[-1] == (
        f"provision: {tmp_path}/nowhere/x cannot be written (No such file or directory); name "
        "another file for --outputs (exit 2)"
    )
