"""What `statpipe init` writes, and what it refuses."""

from __future__ import annotations

import tomllib

import pytest

import statpipe
from statpipe.cli.app import execute
from statpipe.engine.site.configuration import load_configuration

FILES = {
    ".env.example",
    ".github/workflows/ingest.yml",
    ".gitignore",
    "README.md",
    "requirements.txt",
    "statpipe.toml",
}


@pytest.fixture
def init(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        code = execute(["init", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def written(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_init_writes_all_files_and_shows_the_next_steps(init, tmp_path):
    code, out, err = init("my figures")
    assert (code, err) == (0, "")
    assert written(tmp_path / "my figures") == FILES
    assert out.startswith(f"{tmp_path}/my figures is ready. Next:\n\n  cd 'my figures'\n  /")
    assert "statpipe run bea_pce_state " in out


def test_the_default_folder_is_the_current_one(init, tmp_path):
    code, out, _ = init()
    assert (code, written(tmp_path)) == (0, FILES)
    assert "  cd " not in out


@pytest.mark.parametrize("name", sorted(FILES))
def test_an_existing_file_is_kept_and_nothing_is_written(init, tmp_path, name):
    place = tmp_path / "mine" / name
    place.parent.mkdir(parents=True)
    place.write_text("# mine\n")
    code, out, err = init("mine")
    assert (code, out) == (2, "")
    assert err == (
        f"statpipe: {tmp_path}/mine has {name} already; nothing was written. Name another "
        "folder, or move these files (exit 2)\n"
    )
    assert written(tmp_path / "mine") == {name}
    assert place.read_text() == "# mine\n"


def test_an_unwritable_folder_is_named_and_stays_unchanged(init, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / ".github").write_text("a file")
    code, _, err = init("mine")
    assert code == 2
    assert err.startswith(f"statpipe: {tmp_path}/mine cannot be written (")
    assert err.endswith("; name another folder (exit 2)\n")
    assert written(tmp_path / "mine") == {".github"}


def test_every_variable_of_the_configuration_is_in_the_example_and_in_the_workflow(init, tmp_path):
    init()
    document = tomllib.loads((tmp_path / "statpipe.toml").read_text())
    referred = set(variables_of(document))
    example = (tmp_path / ".env.example").read_text()
    named = {line.removesuffix("=") for line in example.splitlines() if line.endswith("=")}
    assert referred == named
    workflow = (tmp_path / ".github" / "workflows" / "ingest.yml").read_text()
    # The step before it exports the region.
    assert [name for name in referred - {"AWS_REGION"} if f" {name}: ${{{{ " not in workflow] == []


def variables_of(node):
    if isinstance(node, dict):
        for value in node.values():
            yield from variables_of(value)
    elif isinstance(node, str) and node.startswith("${"):
        yield node[2:-1]


def test_the_project_has_three_environments(init, tmp_path):
    init()
    assert load_configuration(tmp_path / "statpipe.toml").environments() == [
        "local",
        "prod",
        "staging",
    ]


def test_the_requirements_are_wheels_in_a_folder_with_what_the_environments_need(init, tmp_path):
    init()
    lines = (tmp_path / "requirements.txt").read_text().splitlines()
    wheels = [line for line in lines if not line.startswith("#")]
    version = statpipe.__version__
    assert f"./wheels/statpipe_core-{version}-py3-none-any.whl" in wheels
    assert f"./wheels/statpipe_postgres-{version}-py3-none-any.whl[aws,embedded]" in wheels
    assert len(wheels) >= 8
    assert all(line.startswith("./wheels/statpipe") for line in wheels), "and no name for an index"


def test_no_placeholder_is_left(init, tmp_path):
    init()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert "{{ " not in path.read_text().replace("${{ ", "")
