"""Settings: what is read, and what is refused before AWS is asked."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from provisioning.failures import Misconfigured
from provisioning.settings import VARIABLES, read_settings

GOOD = {
    "AWS_REGION": "us-east-1",
    "STATPIPE_BUCKET": "statpipe-data-test",
    "GITHUB_REPOSITORY": "octo/statpipe",
    "GITHUB_OWNER_ID": "11",
    "GITHUB_REPOSITORY_ID": "22",
    "ALERT_EMAIL": "ops@example.org",
}
REGIONS = ("us-east-1", "us-west-2", "eu-central-1")


def read(**change):
    variables = {name: value for name, value in {**GOOD, **change}.items() if value is not None}
    return read_settings("staging", variables, regions=REGIONS, bastion=True)


def test_unset_settings_have_a_default():
    settings = read()
    assert settings.log_bucket == "statpipe-data-test-access-logs"
    assert (settings.database_class, settings.storage, settings.version) == (
        "db.t4g.micro",
        20,
        "17",
    )
    assert (settings.log_days, settings.freshness_hours, settings.budget) == (90, 48, 60)
    assert settings.account_id is None
    assert settings.sources == ("bea_pce_state", "bea_rpp_state"), "those of statpipe.toml"
    assert read(STATPIPE_SOURCE="tea, bea_pce_state").sources == ("tea", "bea_pce_state")


def test_all_missing_settings_are_reported_at_once():
    with pytest.raises(Misconfigured) as caught:
        read(AWS_REGION=None, ALERT_EMAIL=None)
    assert str(caught.value).splitlines() == [
        "AWS_REGION is not set; .env.example says what it is",
        "ALERT_EMAIL is not set; .env.example says what it is",
    ]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("AWS_REGION", "us-east1", "AWS_REGION is 'us-east1'; write a region such as us-east-1"),
        (
            "AWS_REGION",
            "us-esat-1",
            "AWS_REGION is 'us-esat-1'; that is no region of AWS that boto3 knows: did you mean "
            "us-east-1?",
        ),
        (
            "AWS_REGION",
            "ma-north-9",
            "AWS_REGION is 'ma-north-9'; that is no region of AWS that boto3 knows: write one "
            "such as us-east-1",
        ),
        (
            "STATPIPE_BUCKET",
            "My.Bucket",
            "STATPIPE_BUCKET is 'My.Bucket'; a bucket's name has 3 to 63 lower-case letters, digits and "
            "hyphens (no dots: they break TLS)",
        ),
        (
            "STATPIPE_BUCKET",
            "xn--data",
            "STATPIPE_BUCKET is 'xn--data'; AWS keeps that beginning or end of a bucket's name for "
            "itself; choose another",
        ),
        (
            "STATPIPE_BUCKET",
            "b" * 60,
            f"STATPIPE_BUCKET is '{'b' * 60}'; with -access-logs it is too long for the bucket of "
            "the access logs: choose a shorter one, or set STATPIPE_LOG_BUCKET",
        ),
        (
            "STATPIPE_LOG_BUCKET",
            "statpipe-data-test",
            "STATPIPE_LOG_BUCKET is the bucket itself; name another one for its logs",
        ),
        (
            "GITHUB_REPOSITORY",
            "octo/*",
            "GITHUB_REPOSITORY is 'octo/*'; write owner/repository",
        ),
        (
            "GITHUB_OWNER_ID",
            "octo",
            "GITHUB_OWNER_ID is 'octo'; write GitHub's number of it; docs/setup.md says how to ask",
        ),
        (
            "ALERT_EMAIL",
            "a@b, c@d",
            "ALERT_EMAIL is 'a@b, c@d'; write one address, name@example.org",
        ),
        ("BUDGET_USD", "-5", "BUDGET_USD is '-5'; write US dollars a month, such as 50"),
        ("BUDGET_USD", "0", "BUDGET_USD is '0'; write US dollars a month, such as 50"),
        ("BUDGET_USD", "1e2", "BUDGET_USD is '1e2'; write US dollars a month, such as 50"),
        ("BUDGET_USD", "NaN", "BUDGET_USD is 'NaN'; write US dollars a month, such as 50"),
        (
            "DB_STORAGE_GB",
            "10",
            "DB_STORAGE_GB is '10'; write a whole number of GiB from 20 to 65536",
        ),
        (
            "DB_VERSION",
            "9.6",
            "DB_VERSION is '9.6'; write a version of PostgreSQL on RDS: 13 to 18",
        ),
        (
            "LOG_RETENTION_DAYS",
            "31",
            "LOG_RETENTION_DAYS is '31'; CloudWatch keeps logs for one of 1, 3, 5, 7, 14, 30, 60, 90, "
            "120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653 days",
        ),
        (
            "GITHUB_SUBJECT",
            "both",
            "GITHUB_SUBJECT is 'both'; write numbered, or named if GitHub still leaves the numbers "
            "out of the tokens of this repository",
        ),
        ("AWS_ACCOUNT_ID", "12", "AWS_ACCOUNT_ID is '12'; write the 12 digits of the account"),
        (
            "STATPIPE_SOURCE",
            "A source",
            "STATPIPE_SOURCE is 'A source'; write names of sources as in statpipe.toml, with commas "
            "between them",
        ),
    ],
)
def test_values_that_aws_would_refuse_are_refused_early(name, value, said):
    with pytest.raises(Misconfigured) as caught:
        read(**{name: value})
    assert str(caught.value) == said


@given(st.text("0123456789.,_e+-٣ ", max_size=12))
def test_every_accepted_amount_is_accepted_by_aws(text):
    try:
        settings = read(BUDGET_USD=text)
    except Misconfigured:
        return
    assert re.fullmatch(r"([0-9]*\.)?[0-9]+", str(settings.budget))  # Budgets' own pattern
    assert settings.budget > 0


@given(st.text(max_size=40))
def test_a_repository_pattern_is_never_trusted(text):
    try:
        settings = read(GITHUB_REPOSITORY=text)
    except Misconfigured:
        return
    assert not set(settings.repository) & set("*?${}\"':, ")
    assert settings.repository.count("/") == 1


def test_every_setting_is_in_the_example(request):
    example = (request.config.rootpath / ".env.example").read_text()
    names = {line.split("=")[0] for line in example.splitlines() if line and line[0] != "#"}
    assert {variable.name for variable in VARIABLES} <= names


def test_the_readme_has_every_setting_with_its_default(request):
    readme = (request.config.rootpath / "provisioning" / "README.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]+?) \|", readme, re.MULTILINE))
    assert list(rows) == [variable.name for variable in VARIABLES]
    for variable in VARIABLES:
        wanted = f"`{variable.default}`" if variable.default else None
        assert rows[variable.name] == wanted or wanted is None
        assert (rows[variable.name] == "required") is not bool(
            variable.default or variable.optional
        )


def test_every_default_in_the_example_is_the_real_one(request):
    example = (request.config.rootpath / ".env.example").read_text()
    for variable in VARIABLES:
        if variable.default:
            before = example.split(f"\n{variable.name}=")[0].split("\n\n")[-1]
            assert variable.default in before, variable.name
