"""From the file's raw values to a component's settings."""

from typing import Literal

import pytest
from attrs import field, frozen, validators

from statpipe.api import Component, ConfigError, Environment, Secret, secret
from statpipe.engine.site.configuration import Configuration
from statpipe.engine.site.settings import filled


@frozen(kw_only=True)
class Tea:
    leaf: str = "black"
    minutes: int = 3
    degrees: float = 100.0
    milk: bool = False
    ports: tuple[str, ...] = ()
    months: tuple[int, ...] | None = None
    cups: int = field(default=1, validator=validators.ge(1))
    key: Secret | None = secret("TEA_KEY")
    password: Secret | None = secret()
    environment: Environment


VARIABLES = {"TEA_KEY": "canary", "LEAF": "green", "EMPTY": ""}


def fill(tmp_path, settings=Tea, variables=VARIABLES, /, **raw):
    configuration = Configuration(
        path=tmp_path / "statpipe.toml", home=tmp_path, document={}, variables=variables
    )
    component = Component(name="tea", summary="", settings=settings, factory=lambda _: None)
    environment = Environment(name="local", home=tmp_path)
    return filled(component, raw, "sources.tea", configuration, environment)


def refused(tmp_path, *arguments, **raw):
    with pytest.raises(ConfigError) as raised:
        fill(tmp_path, *arguments, **raw)
    text = str(raised.value)
    start = f"{tmp_path}/statpipe.toml: sources.tea"
    assert text.startswith(start)
    assert "canary" not in text
    return text.removeprefix(start)


def test_values_are_converted_and_the_environment_is_added(tmp_path):
    made = fill(tmp_path, leaf="white", minutes=4, degrees=85, milk=True, ports=["CAL"], months=[1])
    assert (made.leaf, made.minutes, made.degrees, made.milk) == ("white", 4, 85.0, True)
    assert (made.ports, made.months) == (("CAL",), (1,))
    assert isinstance(made.degrees, float)
    assert made.environment.name == "local"


def test_references_are_replaced_in_texts_and_lists(tmp_path):
    made = fill(tmp_path, leaf="pure ${LEAF}!", ports=["${LEAF}", "$LEAF"])
    assert (made.leaf, made.ports) == ("pure green!", ("green", "$LEAF"))


@pytest.mark.parametrize("name", ["UNSET", "EMPTY"])
def test_an_unset_variable_is_reported_with_its_place(tmp_path, name):
    assert refused(tmp_path, leaf=f"${{{name}}}") == (
        f".leaf refers to ${{{name}}}, which is not set; set {name} in the process "
        "environment or in .env"
    )


def test_a_secret_comes_from_its_own_variable_or_a_reference_and_may_be_absent(tmp_path):
    made = fill(tmp_path, password="${LEAF}")
    assert made.key.reveal() == "canary"
    assert made.password.reveal() == "green"
    assert "canary" not in repr(made)
    bare = fill(tmp_path, Tea, {})
    assert (bare.key, bare.password) == (None, None)


@pytest.mark.parametrize("value", ["canary", "x${TEA_KEY}", 12, ["${TEA_KEY}"], True])
def test_a_literal_secret_is_refused_and_not_shown(tmp_path, value):
    assert refused(tmp_path, key=value) == (
        '.key: write a secret as a reference, "${VARIABLE}", never as its value'
    )


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"minutes": "3"}, ".minutes is '3'; expected a whole number"),
        ({"minutes": True}, ".minutes is True; expected a whole number"),
        ({"minutes": 3.0}, ".minutes is 3.0; expected a whole number"),
        ({"leaf": 1}, ".leaf is 1; expected text"),
        ({"milk": 1}, ".milk is 1; expected true or false"),
        ({"degrees": "hot"}, ".degrees is 'hot'; expected a number"),
        ({"ports": "CAL"}, ".ports is 'CAL'; expected a list"),
        ({"ports": {"a": 1}}, ".ports is {'a': 1}; expected a list"),
    ],
)
def test_a_wrong_type_is_reported_with_place_and_expectation(tmp_path, raw, says):
    assert refused(tmp_path, **raw) == says


def test_a_wrong_list_item_is_reported_with_its_list(tmp_path):
    text = refused(tmp_path, ports=["CAL", 1])
    assert text.startswith(".ports")
    assert "expected text" in text


def test_all_errors_are_reported_at_once(tmp_path):
    text = refused(tmp_path, leaf=1, milk=1)
    assert ".leaf is 1" in text
    assert ".milk is 1" in text


def test_a_value_refused_by_a_validator_is_a_config_error(tmp_path):
    assert "'cups' must be >= 1: 0" in refused(tmp_path, cups=0)


@pytest.mark.parametrize(
    ("key", "says"),
    [("minute", "did you mean 'minutes'?"), ("environment", "there are cups"), ("sugar", "")],
)
def test_an_unknown_key_is_reported_with_the_nearest_one(tmp_path, key, says):
    text = refused(tmp_path, **{key: 1})
    assert text.startswith(f": unknown key {key!r}")
    assert says in text


def test_a_missing_required_setting_is_named(tmp_path):
    @frozen(kw_only=True)
    class Needy:
        leaf: str

    assert refused(tmp_path, Needy) == ".leaf is missing; set it"


def test_an_invalid_choice_is_reported_with_the_valid_ones(tmp_path):
    @frozen(kw_only=True)
    class Choosy:
        leaf: Literal["green", "white"]

    assert refused(tmp_path, Choosy, leaf="blue") == ".leaf is 'blue'; expected one of green, white"


@frozen(kw_only=True)
class Port:
    code: str
    token: Secret | None = secret("TEA_KEY")
    password: Secret | None = secret()


@frozen(kw_only=True)
class Fleet:
    """Settings with classes inside of them, alone, in a list, by name, and one that may be absent."""

    home: Port = Port(code="CAL")
    calls: tuple[Port, ...] = ()
    agents: dict[str, Port] = field(factory=dict)
    spare: Port | None = None
    names: dict[str, str] = field(factory=dict)


def test_nested_classes_are_tables_arrays_of_tables_or_tables_by_name(tmp_path):
    made = fill(
        tmp_path,
        Fleet,
        home={"code": "${LEAF}"},
        calls=[{"code": "MOM"}, {"code": "x", "password": "${LEAF}"}],
        agents={"north": {"code": "NOR"}},
        names={"CAL": "pure ${LEAF}"},
    )
    assert (made.home.code, made.names) == ("green", {"CAL": "pure green"})
    assert [one.code for one in made.calls] == ["MOM", "x"]
    assert made.agents["north"].code == "NOR"
    assert made.spare is None


def test_secrets_in_nested_classes_are_secrets(tmp_path):
    made = fill(
        tmp_path, Fleet, calls=[{"code": "MOM", "password": "${LEAF}"}], spare={"code": "S"}
    )
    assert (made.calls[0].token.reveal(), made.calls[0].password.reveal()) == ("canary", "green")
    assert made.spare.token.reveal() == "canary"
    assert "canary" not in repr(made)
    assert "green" not in repr(made)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"spare": {"code": "S", "token": "canary"}}, ".spare.token: write a secret as a ref"),
        ({"calls": [{"code": "S", "password": "canary"}]}, ".calls[0].password: write a secret"),
        ({"agents": {"n": {"code": "S", "token": 1}}}, ".agents.n.token: write a secret as a"),
        ({"home": {"code": "S", "cod": "x"}}, ".home: unknown key 'cod'; did you mean 'code'?"),
        ({"home": {"code": "${UNSET}"}}, ".home.code refers to ${UNSET}, which is not set"),
        ({"home": {"code": 1}}, ".home.code is 1; expected text"),
        ({"calls": [{}]}, ".calls"),
        ({"home": "CAL"}, ".home is 'CAL'; expected a table"),
        ({"spare": ["CAL"]}, ".spare is ['CAL']; expected a table"),
        ({"agents": {"n": "CAL"}}, ".agents.n is 'CAL'; expected a table"),
        ({"names": "CAL"}, ".names is 'CAL'; expected a table"),
    ],
)
def test_errors_in_nested_classes_are_reported_with_their_place(tmp_path, raw, says):
    assert refused(tmp_path, Fleet, **raw).startswith(says)
