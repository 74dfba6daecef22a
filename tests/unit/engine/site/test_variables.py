"""Variables: the process environment, and ``.env`` below it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statpipe.api import ConfigError
from statpipe.engine.site.variables import read_variables, secret_of

KEY = "C0FFEE00-dead-4BAD-8bad-00CaFe00Beef"


@pytest.fixture
def env(tmp_path):
    def env(content):
        path = tmp_path / ".env"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return env


def test_an_empty_process_variable_does_not_hide_the_files(env):
    file = env(f"BEA_API_KEY={KEY}\nOTHER=file\n")
    assert read_variables(file, {"BEA_API_KEY": "", "OTHER": "process"}) == {
        "BEA_API_KEY": KEY,
        "OTHER": "process",
    }


def test_a_variable_that_is_empty_everywhere_is_unset(env, tmp_path):
    assert read_variables(env("A=\nB=''\nC\n"), {"A": "", "D": ""}) == {}
    assert read_variables(tmp_path / "none", {"A": "", "B": "b"}) == {"B": "b"}


@pytest.mark.parametrize(
    "content",
    [
        f"BEA_API_KEY={KEY}",
        f"BEA_API_KEY = {KEY}  # BEA's\n",
        f"export BEA_API_KEY={KEY}\n",
        f"BEA_API_KEY='{KEY}'\n",
        f'BEA_API_KEY="{KEY}"\n',
        f"# comment\r\n\r\nBEA_API_KEY={KEY}\r\nOTHER=x\r\n",
        f'export BEA_API_KEY="{KEY}"\r\n',
        f"\ufeffBEA_API_KEY={KEY}\n",
        f"\ufeffexport BEA_API_KEY='{KEY}'\r\n",
        f"BEA_API_KEY=\nBEA_API_KEY={KEY}\n",
    ],
)
def test_the_file_may_use_every_common_syntax(env, content):
    assert read_variables(env(content), {})["BEA_API_KEY"] == KEY


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_file_in_another_encoding_is_a_config_error(env, encoding):
    file = env(f"NAME=Espa\xf1a\nBEA_API_KEY={KEY}\n".encode(encoding))
    with pytest.raises(ConfigError) as error:
        read_variables(file, {})
    assert str(error.value) == f"{file} is not valid UTF-8; save it as UTF-8"


def test_an_unreadable_file_is_a_config_error(env, monkeypatch):
    file = env("A=b")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(file), "read_text", refuse)
    with pytest.raises(ConfigError, match=r"\.env cannot be read: Permission denied"):
        read_variables(file, {})


@pytest.mark.parametrize("value", [f'"{KEY}"', f"'{KEY}'", f" '{KEY}' ", f"“{KEY}”", f"`{KEY}`"])
def test_a_secret_in_quotes_is_refused_by_name_and_not_shown(value):
    with pytest.raises(ConfigError) as error:
        secret_of({"BEA_API_KEY": value}, "BEA_API_KEY")
    assert str(error.value) == (
        "BEA_API_KEY has quotes around its value; remove them, or they would be sent as part of it"
    )


@pytest.mark.parametrize("value", ["dbname='a' user='b'", "it's", "'", '"a', "postgresql://a/'b'"])
def test_quotes_inside_a_secret_belong_to_it(value):
    assert secret_of({"DSN": value}, "DSN").reveal() == value


def test_a_secret_that_is_not_valid_text_is_refused():
    with pytest.raises(ConfigError, match="BEA_API_KEY contains bytes that are not valid UTF-8"):
        secret_of({"BEA_API_KEY": "abc\udcff"}, "BEA_API_KEY")


@pytest.mark.parametrize("variables", [{}, {"BEA_API_KEY": ""}])
def test_an_unset_secret_is_none(variables):
    assert secret_of(variables, "BEA_API_KEY") is None


@given(st.text(max_size=20))
def test_no_secret_raises_an_unexpected_error(value):
    try:
        found = secret_of({"A": value}, "A")
    except ConfigError:
        return
    assert found is None or found.reveal() == value
