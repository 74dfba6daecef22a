"""`scripts/bootstrap.py` installs what the lock names, whatever else there is to be had."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.package_index import PackageIndex, pin, wheel

ROOT = Path(__file__).parents[2]
BOOTSTRAP = ROOT / "scripts" / "bootstrap.py"
LEVELS = ("runtime", "dev")
BACKEND = """
import zipfile
from pathlib import Path

def get_requires_for_build_editable(config_settings=None):
    return []

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = Path("pyproject.toml").read_text().split('"')[1]
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(Path(folder, f"{name}-1.0-py3-none-any.whl"), "w") as archive:
        archive.writestr(f"{name}.pth", str(Path.cwd() / "src"))
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        archive.writestr(f"{info}/RECORD", "")
    return f"{name}-1.0-py3-none-any.whl"
"""
PROJECT = """\
[project]
name = "{name}"
version = "1.0"
[build-system]
requires = ["potter"]
build-backend = "potter"
"""


class Checkout:
    """A checkout in small: the real script, a lock of four wheels, a plugin, and an index."""

    def __init__(self, root: Path, index: PackageIndex) -> None:
        self.root, self.index = root, index
        self.python = root / ".venv" / "bin" / "python"
        wheels = index.folder
        # What coverage[toml] was: pinned, and needed by another pin with an extra.
        lock = "".join(
            pin(path)
            for path in (
                wheel(wheels, "clay", "1.0"),
                wheel(wheels, "cup", "1.0", extras={"handle": ["clay"]}),
                wheel(wheels, "potter", "1.0", code=BACKEND),
                wheel(wheels, "tea", "1.0", needs=["cup[handle]>=1"]),
            )
        )
        for folder in ("scripts", "requirements", "src/statpipe", "plugins/sugar/src"):
            (root / folder).mkdir(parents=True)
        shutil.copy(BOOTSTRAP, root / "scripts")
        (root / "src" / "statpipe" / "__init__.py").write_text("")
        (root / "pyproject.toml").write_text(PROJECT.format(name="statpipe_core"))
        (root / "plugins" / "sugar" / "pyproject.toml").write_text(PROJECT.format(name="sugar"))
        (root / "plugins" / "sugar" / "src" / "sugar.py").write_text("")
        # What an editor, or a system, leaves between the plugins.
        (root / "plugins" / "gone" / "__pycache__").mkdir(parents=True)
        (root / "plugins" / ".DS_Store").write_text("")
        for level in LEVELS:
            self.lock(level, lock)

    def lock(self, level: str, text: str | None = None) -> str:
        """Write a lock, or read it."""
        path = self.root / "requirements" / f"{level}.txt"
        if text is not None:
            path.write_text(text)
        return path.read_text()

    def environment(self, **more: str) -> dict[str, str]:
        """Return the variables of somebody whose only setting is this index."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
        return {
            **clean,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": self.index.url,
            "PIP_NO_CACHE_DIR": "1",
            **more,
        }

    def bootstrap(self, level: str = "runtime", *, works: bool = True, **environment: str) -> str:
        """Run the script, and return what it says."""
        done = subprocess.run(
            [sys.executable, "-I", str(self.root / "scripts" / "bootstrap.py"), level],
            env=self.environment(**environment),
            cwd=self.root.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) == works, done.stdout
        assert "Traceback" not in done.stdout
        return done.stdout

    def forget(self) -> None:
        """Leave an environment with nothing but pip, as it is before anything is installed."""
        (site,) = (self.root / ".venv" / "lib").glob("python*/site-packages")
        for path in site.iterdir():
            if not path.name.startswith(("pip", "setuptools", "pkg_resources", "_distutils")):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for stamp in (self.root / ".venv").glob("made-*"):
            stamp.unlink()

    def installed(self) -> dict[str, str]:
        """Return the version of each package that can be imported in the environment."""
        code = (
            "from importlib.metadata import distributions as d;"
            "print(*(f'{x.name}=={x.version}' for x in d() if x.name not in {'pip', 'setuptools'}))"
        )
        told = subprocess.check_output([self.python, "-I", "-c", code], text=True)
        return dict(one.split("==") for one in told.split())

    def publish_newer(self) -> None:
        """Publish a later release of everything that is pinned, each of which would break."""
        for name in ("tea", "cup", "clay", "potter"):
            wheel(
                self.index.folder,
                name,
                "2.0",
                needs=["lead"],
                extras={"handle": ["lead"]},
                code="raise SystemExit('too new')",
            )


LAST_TO_LOOK_BEYOND = (23, 3)
LOCKED = {"tea": "1.0", "cup": "1.0", "clay": "1.0", "potter": "1.0"}
WHOLE = {**LOCKED, "statpipe_core": "1.0", "sugar": "1.0"}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout whose index has newer releases of everything."""
    folder = tmp_path_factory.mktemp("somebody's folder")
    with PackageIndex(folder / "wheels") as index:
        checkout = Checkout(folder / "check out", index)
        checkout.publish_newer()
        yield checkout


@pytest.fixture
def made(checkout):
    """The same, with its environment, whatever the test before left."""
    (checkout.root / ".venv" / "unfinished").unlink(missing_ok=True)
    checkout.bootstrap()
    return checkout


def test_newer_releases_of_everything_change_nothing(made):
    assert made.installed() == WHOLE
    files = [path for path in made.index.asked if path.startswith("/files/")]
    assert files
    assert [path for path in files if "-2.0-" in path] == []


def test_distributions_with_the_old_name_of_statpipe_are_removed(made):
    (site,) = (made.root / ".venv" / "lib").glob("python*/site-packages")
    info = site / "statpipe-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: statpipe\nVersion: 1.0\n")
    (info / "INSTALLER").write_text("pip\n")
    names = ("METADATA", "INSTALLER", "RECORD")
    (info / "RECORD").write_text("".join(f"{info.name}/{name},,\n" for name in names))
    for stamp in (made.root / ".venv").glob("made-*"):
        stamp.unlink()
    made.bootstrap()
    assert made.installed() == WHOLE


def test_a_plugin_is_installed_from_its_folder(made):
    where = subprocess.check_output(
        [made.python, "-I", "-c", "import sugar; print(sugar.__file__)"], text=True
    )
    assert where.strip() == str(made.root / "plugins" / "sugar" / "src" / "sugar.py")


def test_resolving_the_lock_would_have_found_newer_releases(made, tmp_path):
    """The index is a trap: until pip 23.3, an extra is looked for beyond the lock."""
    lock = made.root / "requirements" / "runtime.txt"
    done = subprocess.run(
        [
            made.python,
            "-I",
            "-m",
            "pip",
            "install",
            "--target",
            tmp_path,
            "--require-hashes",
            "-r",
            lock,
        ],
        env=made.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    pip = subprocess.check_output([made.python, "-I", "-m", "pip", "--version"], text=True)
    if tuple(int(part) for part in pip.split()[1].split(".")[:2]) < LAST_TO_LOOK_BEYOND:
        assert done.returncode == 1
        assert "cup-2.0-py3-none-any.whl" in done.stderr


def test_up_to_date_environments_are_not_changed(made):
    before = sorted(path.name for path in (made.root / ".venv").iterdir())
    asked = len(made.index.asked)
    assert made.bootstrap() == ""
    assert len(made.index.asked) == asked
    assert sorted(path.name for path in (made.root / ".venv").iterdir()) == before


@pytest.mark.slow
def test_settings_of_the_machine_change_neither_what_is_installed_nor_where(made, tmp_path):
    bad = tmp_path / "bad"
    bad.mkdir()
    for module in ("subprocess", "venv", "hashlib", "potter", "sitecustomize", "pip"):
        (bad / f"{module}.py").write_text("raise SystemExit('not mine')")
    elsewhere = tmp_path / "elsewhere"
    config = tmp_path / "pip.conf"
    config.write_text(
        f"[global]\nindex-url = {made.index.url}\nrequire-virtualenv = true\nuser = true\n"
        f"target = {elsewhere}\nno-binary = :all:\nrequire-hashes = true\nno-input = true\n"
        f"quiet = 3\nglobal = true\nlog = {bad}/no/log\n"
        f"[install]\nprefix = {elsewhere}\nroot = {elsewhere}\nconstraint = {bad}/none.txt\n"
    )
    made.forget()
    made.bootstrap(
        PIP_CONFIG_FILE=str(config),
        PIP_INDEX_URL="",
        PIP_USER="1",
        PIP_TARGET=str(elsewhere),
        PIP_PREFIX=str(elsewhere),
        PIP_REQUIRE_VIRTUALENV="1",
        PIP_REQUIREMENT=str(bad / "none.txt"),
        PIP_CONSTRAINT=str(bad / "none.txt"),
        PIP_NO_BINARY=":all:",
        PIP_PYTHON=str(bad / "python"),
        PIP_DRY_RUN="1",
        PIP_UPGRADE="1",
        PIP_PRE="1",
        PIP_LOG=str(bad / "no" / "log"),
        PYTHONPATH=str(bad),
        PYTHONHOME=str(bad),
        PYTHONUSERBASE=str(elsewhere),
        PYTHONWARNINGS="error",
        VIRTUAL_ENV=str(bad),
        HATCH_BUILD_HOOKS_ENABLE="1",
    )
    assert made.installed() == WHOLE
    assert not elsewhere.exists()


@pytest.mark.slow
def test_without_an_index_or_folder_the_default_index_is_used(made):
    made.forget()
    said = made.bootstrap(PIP_NO_INDEX="1")
    assert "pip's no-index is set, but its find-links lack packages; asking the index" in said
    assert made.installed() == WHOLE


@pytest.fixture
def script(made, monkeypatch):
    """The script as a module, which looks at the small checkout."""
    spec = importlib.util.spec_from_file_location("bootstrap", made.root / "scripts/bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_environment_is_trusted_in_its_place_while_it_is_complete(made, script):
    assert script._is_whole()
    told = (made.root / ".venv" / "origin").read_text()
    for other in (
        told.replace(str(made.root), "/elsewhere"),  # moved, or copied
        told.replace(sys.implementation.cache_tag, "cpython-310"),  # of another Python
        told.replace(os.uname().machine, "z80"),  # of another machine
        "",
    ):
        assert other != told
        (made.root / ".venv" / "origin").write_text(other)
        assert not script._is_whole()
    (made.root / ".venv" / "origin").write_text(told)
    made.python.rename(made.python.with_name("gone"))  # its Python was removed from the system
    assert not script._is_whole()
    made.python.with_name("gone").rename(made.python)
    (made.root / ".venv" / "unfinished").touch()
    assert not script._is_whole()
    (made.root / ".venv" / "unfinished").unlink()
    assert script._is_whole()


@pytest.mark.slow
def test_an_interrupted_environment_is_rebuilt(made):
    """Wheels of Rust name themselves before their modules are there: pip believes half of one."""
    (site,) = (made.root / ".venv" / "lib").glob("python*/site-packages")
    (site / "tea.py").unlink()
    (made.root / ".venv" / "unfinished").touch()
    said = made.bootstrap()
    assert "statpipe: .venv is of another Python, moved, or unfinished; replacing it" in said
    assert made.installed() == WHOLE
    subprocess.run([made.python, "-I", "-c", "import tea, cup, clay"], check=True)


def test_an_interrupted_installation_is_reported_to_the_next(made, script, monkeypatch):
    made.forget()
    monkeypatch.setattr(script, "_pip", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        script._bring("runtime")
    assert not script._is_whole()


@pytest.mark.slow
def test_a_file_or_link_in_place_of_the_environment_is_replaced(script, tmp_path, monkeypatch):
    import venv

    monkeypatch.setattr(venv, "create", lambda *_, **__: None)
    monkeypatch.setattr(script, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(script, "ORIGIN", tmp_path / ".venv" / "origin")
    monkeypatch.setattr(script, "UNFINISHED", tmp_path / ".venv" / "unfinished")
    for lay in (Path.touch, lambda path: path.symlink_to("nowhere"), Path.mkdir, lambda _: None):
        lay(tmp_path / ".venv")
        script._make()
        assert sorted(path.name for path in (tmp_path / ".venv").iterdir()) == [
            "origin",
            "unfinished",
        ]
        shutil.rmtree(tmp_path / ".venv")


def test_a_python_without_ensurepip_is_reported_in_one_line(script, tmp_path, monkeypatch):
    import venv

    def fails(*_, **__):
        raise subprocess.CalledProcessError(1, "x", output=b"No module named ensurepip")

    monkeypatch.setattr(venv, "create", fails)
    monkeypatch.setattr(script, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(script, "ORIGIN", tmp_path / ".venv" / "origin")
    monkeypatch.setattr(script, "UNFINISHED", tmp_path / ".venv" / "unfinished")
    with pytest.raises(SystemExit) as stop:
        script._make()
    assert "on Debian and Ubuntu, install the package python3-venv. It says:\nNo module" in str(
        stop.value
    )


def test_pip_only_gets_the_sources_of_packages(made, script, tmp_path, monkeypatch):
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://a/simple\ntimeout = 7\ncert = /a.pem\nuser = true\n"
        "[install]\nextra-index-url =\n  https://b\n  https://c\nproxy = http://p\nprefix = /x\n"
        "[download]\nproxy = http://q\n"
    )
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.setenv("PIP_TIMEOUT", "8")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CERT", "")
    monkeypatch.setenv("PIP_FIND_LINKS", "/wheels")
    monkeypatch.setenv("PIP_TARGET", "/y")
    monkeypatch.setenv("HTTPS_PROXY", "http://r")
    monkeypatch.setenv("PYTHONPATH", "/z")
    environment = script._environment()
    found = {k: v for k, v in environment.items() if k.startswith(("PIP_", "PYTHON", "HTTPS_"))}
    assert {
        k: v for k, v in found.items() if k not in {"PIP_FIND_LINKS", "PIP_KEYRING_PROVIDER"}
    } == {
        "HTTPS_PROXY": "http://r",
        "PIP_CERT": "/a.pem",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_EXTRA_INDEX_URL": "\nhttps://b\nhttps://c",
        "PIP_INDEX_URL": "https://a/simple",
        "PIP_NO_INDEX": "1",
        "PIP_PROXY": "http://p",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_TIMEOUT": "8",
    }
    assert found["PIP_FIND_LINKS"] == "/wheels"


@pytest.mark.slow
def test_the_environment_for_tests_also_serves_the_demo(made):
    assert "installing requirements/dev.txt" in made.bootstrap("dev")
    assert made.bootstrap("runtime") == ""
    (made.root / "src" / "statpipe" / "__init__.py").write_text("__version__ = '2'\n")
    assert "installing requirements/dev.txt" in made.bootstrap("runtime")
    assert made.bootstrap("dev") == ""


@pytest.mark.slow
def test_other_installed_packages_stay_and_may_be_incomplete(made):
    own = wheel(made.index.folder, "harbour", "1.0", needs=["absent"])
    subprocess.run([made.python, "-I", "-m", "pip", "install", "-q", "--no-deps", own], check=True)
    (made.root / "src" / "statpipe" / "__init__.py").write_text("__version__ = '3'\n")
    made.bootstrap()
    assert made.installed() == {**WHOLE, "harbour": "1.0"}


def test_an_incomplete_lock_is_refused(made):
    whole = made.lock("dev")
    made.lock("dev", re.sub(r"cup==.*\n", "", whole))
    made.forget()
    said = made.bootstrap("dev", works=False)
    assert "requirements/dev.txt is not complete:" in said
    assert "tea 1.0 requires cup, which is not installed." in said
    made.lock("dev", whole)


@pytest.mark.slow
def test_an_index_without_a_file_gives_pips_message_and_a_remedy(made):
    made.forget()
    said = made.bootstrap(works=False, PIP_INDEX_URL=f"{made.index.url}/none")
    assert "No matching distribution found for clay==1.0" in said
    assert said.endswith("statpipe: pip failed, see above; run the same command again\n")


PINS = re.compile(r"^([\w.-]+==[^\\\n]*?) \\\n((?: +--hash=\S+(?: \\)?\n)+)", re.MULTILINE)


def test_the_lock_of_the_tests_includes_the_other():
    runtime, dev = (
        set(PINS.findall((ROOT / "requirements" / f"{level}.txt").read_text())) for level in LEVELS
    )
    assert len(runtime) > 30
    # A pin for every system holds that for one.
    everywhere = {(pin.partition(" ; ")[0], hashes) for pin, hashes in runtime} & dev
    assert {one for one in runtime - dev if (one[0].partition(" ; ")[0], one[1]) not in everywhere} == set()  # fmt: skip


def test_the_locks_do_not_contain_pip():
    """The environment keeps the pip that came with its Python."""
    for level in LEVELS:
        assert not re.search(r"^(pip|setuptools|wheel)==", (ROOT / "requirements" / f"{level}.txt").read_text(), re.MULTILINE)  # fmt: skip
