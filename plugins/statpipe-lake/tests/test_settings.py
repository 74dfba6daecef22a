"""The lake's settings name a folder; each environment and each scratch corner has its own."""

from pathlib import Path

import attrs
import pytest

from statpipe.api import ConfigError, Environment, Payload
from statpipe_lake import settings
from statpipe_lake.settings import LakeSettings
from statpipe_lake.sink import LakeSink

PAYLOAD = Payload(name="T1", body=b"figures")


def settings_of(home, **more):
    return LakeSettings(environment=Environment(name="local", home=home), **more)


def test_a_relative_path_starts_at_the_configurations_folder(tmp_path):
    assert settings_of(tmp_path).root == tmp_path / ".statpipe" / "lake" / "local"
    assert settings_of(tmp_path, path="data").root == tmp_path / "data" / "local"


def test_absolute_and_home_paths_are_used_unchanged(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/analyst")
    assert settings_of(tmp_path, path="/srv/lake").root == Path("/srv/lake/local")
    assert settings_of(tmp_path, path="~/lake").root == Path("/home/analyst/lake/local")


def test_the_home_of_an_unknown_user_is_a_config_error(tmp_path):
    with pytest.raises(
        ConfigError, match=("the lake's path ~nobody-at-all/lake starts with the home")
    ):
        _ = settings_of(tmp_path, path="~nobody-at-all/lake").root


@pytest.mark.parametrize("address", ["gs://bucket", "file:///srv/lake"])
def test_a_url_of_another_kind_is_refused(tmp_path, address):
    with pytest.raises(ConfigError) as caught:
        LakeSink(settings_of(tmp_path, path=address))
    assert str(caught.value) == (
        f"environment local: the lake's path starts with {address.split(':')[0]}://; write the path "
        "of a folder, or s3://bucket/prefix"
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "address", ["s3://", "s3:///lake", "s3://B/x", "s3://bucket/x?y", "s3://a b"]
)
def test_a_url_without_a_bucket_is_refused(tmp_path, address):
    with pytest.raises(ConfigError) as caught:
        _ = settings_of(tmp_path, path=address).place
    assert str(caught.value) == (
        f"environment local: {address} names no bucket; write s3://bucket or s3://bucket/prefix"
    )


def test_each_environment_has_its_own_prefix_in_a_bucket(tmp_path):
    plain = settings_of(tmp_path, path="s3://my-bucket/deep/er/")
    assert plain.place.address == "s3://my-bucket/deep/er/local"
    assert settings_of(tmp_path, path="s3://my-bucket").place.prefix == "local"
    corner = attrs.evolve(plain, environment=attrs.evolve(plain.environment, scratch="smoke_1"))
    assert corner.place.prefix == "deep/er/local/scratch/smoke_1"


def test_each_environment_has_its_own_folder(tmp_path):
    local = LakeSink(settings_of(tmp_path))
    kept = local.keep("agency", "T1", PAYLOAD)
    prod = LakeSink(
        attrs.evolve(settings_of(tmp_path), environment=Environment(name="prod", home=tmp_path))
    )
    assert not prod.run_ids()
    assert (tmp_path / ".statpipe" / "lake" / "local" / kept.key).is_file()
    assert not [p for p in (tmp_path / ".statpipe/lake/prod").rglob("*") if p.is_file()]


def test_only_the_scratch_corner_is_removed(tmp_path):
    plain = settings_of(tmp_path)
    LakeSink(plain).keep("agency", "T1", PAYLOAD)
    corners = [
        attrs.evolve(plain, environment=attrs.evolve(plain.environment, scratch=name))
        for name in ("smoke_1", "smoke_2")
    ]
    sinks = [LakeSink(corner) for corner in corners]
    for sink in sinks:
        sink.keep("agency", "T1", PAYLOAD)
    sinks[0].remove_scratch()
    assert not corners[0].root.exists()
    assert corners[1].root == plain.root / "scratch" / "smoke_2"
    assert list(corners[1].root.rglob("*.gz"))
    sinks[1].remove_scratch()
    sinks[1].remove_scratch()
    assert not (plain.root / "scratch").exists()
    assert list(plain.root.rglob("*.gz"))


def test_the_doctor_reports_the_lakes_path_and_free_space(tmp_path):
    lake = LakeSink(settings_of(tmp_path))
    (finding,) = lake.diagnose()
    assert finding.subject == "lake"
    assert finding.state in {"ok", "warning"}
    assert f"{tmp_path}/.statpipe/lake/local is writable" in finding.finding
    assert "GiB free" in finding.finding
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]
    assert lake.locations() == {"lake": f"{tmp_path}/.statpipe/lake/local"}


@pytest.mark.parametrize(
    ("lacking", "told"),
    [(["boto3"], "boto3"), (["boto3", "obstore"], "boto3 and obstore")],
)
def test_a_bucket_without_the_extra_says_what_to_install(tmp_path, monkeypatch, lacking, told):
    monkeypatch.setattr(settings, "find_spec", lambda name: None if name in lacking else name)
    with pytest.raises(ConfigError) as caught:
        LakeSink(settings_of(tmp_path, path="s3://tea"))
    assert str(caught.value) == (
        f"environment local: s3://tea needs {told} (the extra aws of statpipe-lake), not installed; "
        f"run `make runtime`, or pip install {' '.join(lacking)}"
    )
