"""The configuration file: where it is found, and what is refused."""

from pathlib import Path

import pytest

from statpipe.api import ConfigError
from statpipe.engine.site.configuration import load_configuration


@pytest.fixture
def write(tmp_path):
    def write(text, folder=""):
        path = tmp_path / folder / "statpipe.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def refused(folder, **more):
    with pytest.raises(ConfigError) as raised:
        load_configuration(folder=folder, **more)
    return str(raised.value)


def test_the_nearest_file_upwards_is_read(tmp_path, write):
    write('[engine]\nexecutor = "threads"\n')
    nearest = write("[engine]\nworkers = 3\n", "a/b")
    found = load_configuration(folder=tmp_path / "a" / "b" / "c")
    assert (found.path, found.home) == (nearest, nearest.parent)
    assert found.table("engine") == {"workers": 3}


def test_without_a_file_defaults_apply_and_home_is_the_folder(tmp_path):
    found = load_configuration(folder=tmp_path)
    assert (found.path, found.home, found.shown) == (None, tmp_path, "statpipe.toml")
    assert found.environments() == ["local"]
    environment = found.environment("local")
    assert (environment.name, environment.embedded, environment.home) == ("local", True, tmp_path)


def test_a_named_file_is_read_in_any_place(tmp_path, write, monkeypatch):
    path = write("[engine]\nworkers = 2\n", "elsewhere")
    monkeypatch.chdir(tmp_path)
    found = load_configuration(path=Path("elsewhere/statpipe.toml"))
    assert (found.path, found.home) == (path, path.parent)
    text = refused(tmp_path, path=tmp_path / "none.toml")
    assert text == f"{tmp_path}/none.toml cannot be read: No such file or directory"


def test_the_process_environment_takes_precedence_over_dotenv(tmp_path, write, monkeypatch):
    write("", "")
    (tmp_path / ".env").write_text("TEA_ONE=file\nTEA_TWO='from $TEA_ONE'\n#TEA_FOUR=x\nTEA_FIVE\n")
    monkeypatch.setenv("TEA_ONE", "process")
    monkeypatch.setenv("TEA_THREE", "process")
    monkeypatch.delenv("TEA_TWO", raising=False)
    variables = load_configuration(folder=tmp_path).variables
    assert (variables["TEA_ONE"], variables["TEA_THREE"]) == ("process", "process")
    assert variables["TEA_TWO"] == "from $TEA_ONE"
    assert not {"TEA_FOUR", "TEA_FIVE"} & set(variables)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[source.tea]\n", "unknown key source; did you mean 'sources'?"),
        (
            "[environments.prod]\nembeded = true\n",
            "unknown key environments.prod.embeded; did you mean 'embedded'?",
        ),
        (
            "x = 1\n",
            "unknown key x; there are checks, engine, environments, normalizers, notifiers, sources",
        ),
    ],
)
def test_an_unknown_key_is_reported_with_file_place_and_nearest_name(tmp_path, write, text, says):
    path = write(text)
    assert refused(tmp_path) == f"{path}: {says}"


def test_invalid_toml_is_reported_with_its_line(tmp_path, write):
    path = write("[environments\n")
    text = refused(tmp_path)
    assert text.startswith(f"{path} is not valid TOML: ")
    assert "line 1" in text
    write(b"\xff\xfe")
    assert "is not valid TOML" in refused(tmp_path)


def test_a_value_in_place_of_a_table_is_named(tmp_path, write):
    path = write("[environments]\nprod = 1\n")
    assert refused(tmp_path) == (
        f"{path}: environments.prod is 1; expected a table [environments.prod]"
    )


def test_an_unknown_environment_is_reported_with_nearest_name_and_remedy(tmp_path, write):
    path = write("[environments.staging]\n")
    found = load_configuration(folder=tmp_path)
    with pytest.raises(ConfigError) as raised:
        found.environment("stagin")
    assert str(raised.value) == (
        "there is no environment 'stagin'; did you mean 'staging'? "
        f"(or declare it in {path} as [environments.stagin])"
    )


def test_only_local_is_embedded_by_default(tmp_path, write):
    write("[environments.prod]\n[environments.try]\nembedded = true\n")
    found = load_configuration(folder=tmp_path)
    embedded = {name: found.environment(name).embedded for name in found.environments()}
    assert embedded == {"local": True, "prod": False, "try": True}
    write("[environments.try]\nembedded = 1\n")
    with pytest.raises(ConfigError, match=r"environments\.try\.embedded is 1; expected true"):
        load_configuration(folder=tmp_path).environment("try")


def test_an_environments_settings_take_precedence(tmp_path, write):
    write("[sources.tea]\na = 1\nb = 2\n[environments.prod.sources.tea]\nb = 3\n")
    found = load_configuration(folder=tmp_path)
    assert found.settings("source", "tea", "local")[0] == {"a": 1, "b": 2}
    assert found.settings("source", "tea", "prod")[0] == {"a": 1, "b": 3}
    assert found.settings("source", "tea", "local")[1] == "sources.tea"
