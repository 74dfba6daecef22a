"""A component is a cheap declaration under a plain name."""

import sys

import attrs
import pytest

from statpipe.api import Component, NoSettings, PluginError, Secret, secret


@pytest.mark.parametrize("name", ["lake", "bea_pce_state", "s3"])
def test_a_plain_name_is_accepted(name):
    assert Component(name=name, summary="s", factory=print).name == name


@pytest.mark.parametrize("name", ["", "My", "my-agency", "9x", "a.b", "a b", "lake\n"])
def test_a_name_that_is_not_snake_case_is_refused(name):
    with pytest.raises(ValueError, match="is not a valid name for a component"):
        Component(name=name, summary="s", factory=print)


def test_a_component_without_settings_makes_nothing_by_itself():
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


@attrs.frozen
class Ports:
    def __iter__(self):
        return iter(["CAL"])


def test_a_factory_given_as_a_path_is_imported_when_called(tmp_path, monkeypatch):
    (tmp_path / "made_later.py").write_text("class One(list):\n    pass\nclass Two:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    one = Component(name="x", summary="s", factory="made_later:One", settings=Ports)
    two = Component(name="x", summary="s", factory="made_later:Two")
    assert "made_later" not in sys.modules
    assert one.factory(Ports()) == ["CAL"]
    assert type(two.factory(NoSettings())).__name__ == "Two"


@pytest.mark.parametrize("place", ["no_such_module:One", "json:NoSuchName"])
def test_a_factory_that_cannot_be_loaded_is_a_plugin_error(place):
    component = Component(name="x", summary="s", factory=place)
    with pytest.raises(PluginError, match=f"the factory {place} cannot be loaded .*correct the"):
        component.factory(NoSettings())


@pytest.mark.parametrize("place", ["", "json", "json:", ":One"])
def test_a_factory_with_an_invalid_path_is_refused(place):
    with pytest.raises(
        TypeError, match=r"of component x is .*; expected .*, or its place, such as"
    ):
        Component(name="x", summary="s", factory=place)


def test_an_unknown_frequency_is_refused_with_the_components_name():
    with pytest.raises(ValueError, match="component tea: freq is 'MX'; expected a code of SDMX"):
        Component(name="tea", summary="Tea", factory=lambda: None, freq="MX")
