"""A component is a cheap declaration under a plain name."""

import attrs
import pytest

from statpipe.api import Component, NoSettings, Secret, secret


@pytest.mark.parametrize("name", ["lake", "bea_pce_state", "s3"])
def test_a_plain_name_is_taken(name):
    assert Component(name=name, summary="s", factory=print).name == name


@pytest.mark.parametrize("name", ["", "My", "my-agency", "9x", "a.b", "a b", "lake\n"])
def test_a_name_that_is_not_snake_case_is_refused(name):
    with pytest.raises(ValueError, match="'name' must match regex"):
        Component(name=name, summary="s", factory=print)


def test_without_settings_it_has_none_and_makes_nothing_by_itself():
    made = []
    component = Component(name="x", summary="s", factory=made.append)
    assert component.settings is NoSettings
    assert made == []


def test_a_secret_field_is_empty_unless_given_and_names_its_variable():
    @attrs.frozen(kw_only=True)
    class Settings:
        key: Secret | None = secret("MY_AGENCY_KEY")
        password: Secret | None = secret()

    assert Settings() == Settings(key=None, password=None)
    fields = attrs.fields(Settings)
    assert fields.key.metadata["variable"] == "MY_AGENCY_KEY"
    assert fields.password.metadata["variable"] is None
    assert "canary" not in repr(Settings(key=Secret("canary")))
