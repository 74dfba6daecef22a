"""
Make ``.venv`` with the pinned dependencies and all plugins, once.

    python3 -I scripts/bootstrap.py runtime|dev

Needs Python 3.11+ and nothing else. Does nothing where the environment is up to date. Two calls at
once wait for each other.

What is installed depends on the files of this checkout alone. The machine's own settings of pip only
say where packages come from: index, proxy, certificates.
"""

# Python 3.6 must be able to read this whole file, so that an older one gets a message.
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older one is told what to do
    from shutil import which
    from subprocess import DEVNULL, call

    NAMES = ["python3.14", "python3.13", "python3.12", "python3.11"]
    WORK = [
        n for n in NAMES if which(n) and call([n, "-c", ""], stdout=DEVNULL, stderr=DEVNULL) == 0
    ]
    sys.exit(
        f"statpipe needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}. "
        f"Name another one: make demo PYTHON={(WORK or ['python3.12'])[0]}"
    )

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PROJECTS = (ROOT, *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml")))

LEVELS = ("runtime", "dev")
"""What may be wanted. The second lock holds all of the first, pin by pin."""

ORIGIN = VENV / "origin"
"""Names the folder and the kind of Python that the environment was made for."""

UNFINISHED = VENV / "unfinished"
"""Exists while the environment is changed. What was interrupted is rebuilt."""

WHERE_FROM = frozenset(
    {
        *("index-url", "extra-index-url", "no-index", "find-links", "keyring-provider"),
        *("proxy", "cert", "client-cert", "trusted-host", "use-feature"),
        *("timeout", "default-timeout", "retries", "resume-retries", "cache-dir", "no-cache-dir"),
    }
)
"""pip's settings about where packages come from. All others change what is installed, or into what."""


def main() -> None:
    """Bring the environment up to date."""
    if len(sys.argv) != 2 or sys.argv[1] not in LEVELS:  # noqa: PLR2004
        sys.exit(f"usage: bootstrap.py {'|'.join(LEVELS)}")
    wanted = sys.argv[1]
    try:
        with _alone():
            _bring(wanted)
    except OSError as error:
        sys.exit(f"statpipe: cannot make {VENV}: {error}")
    except KeyboardInterrupt:
        sys.exit("statpipe: interrupted; run the same command again")


def _bring(wanted: str) -> None:
    whole = _is_whole()
    enough = LEVELS[LEVELS.index(wanted) :]
    if whole and any(_stamp(level).exists() for level in enough):
        return
    if not whole:
        _make()
    # What serves the tests once goes on doing so.
    _install("dev" if any(VENV.glob("made-dev-*")) else wanted)


def _is_whole() -> bool:
    """Whether it was made here, by a Python of this kind, and not interrupted."""
    try:
        return (
            ORIGIN.read_text("utf-8") == _origin() and PYTHON.exists() and not UNFINISHED.exists()
        )
    except OSError:
        return False


def _origin() -> str:
    python = f"{sys.implementation.cache_tag}{sys.abiflags} {os.uname().machine}"
    return f"{VENV}\n{python}\n"


def _make() -> None:
    import subprocess
    import venv

    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    elif VENV.exists():
        print(
            "statpipe: .venv is of another Python, moved, or unfinished; replacing it. "
            "Install plugins of your own into it again",
            flush=True,
        )
        ORIGIN.unlink(missing_ok=True)  # first, so that what is left after a kill is not believed
        shutil.rmtree(VENV)
    print(f"statpipe: making .venv with Python {sys.version.split()[0]}", flush=True)
    VENV.mkdir()
    UNFINISHED.touch()
    try:
        venv.create(VENV, symlinks=True, with_pip=True)
    except subprocess.CalledProcessError as error:
        said = (error.output or b"").decode(errors="replace").strip()
        sys.exit(
            f"statpipe: {sys.executable} cannot make an environment with pip; on Debian and Ubuntu, "
            f"install the package python3-venv. It says:\n{said}"
        )
    ORIGIN.write_text(_origin(), "utf-8")


def _install(level: str) -> None:
    stamp = _stamp(level)
    UNFINISHED.touch()
    for old in VENV.glob("made-*"):
        old.unlink()
    print(f"statpipe: installing requirements/{level}.txt and the plugins", flush=True)
    environment = _environment()
    # The lock names everything: nothing is resolved or built, so no later release can matter.
    exactly = ("--no-deps", "--require-hashes", "--only-binary=:all:", "-r", str(_lock(level)))
    if not _pip("install", *exactly, environment=environment):
        if environment.pop("PIP_NO_INDEX", None) is None:
            _fail()
        print("statpipe: pip's no-index is set, but its find-links lack packages; asking the index")
        _pip("install", *exactly, environment=environment) or _fail()
    # Its name until it became statpipe-core: both would own the program `statpipe`.
    if any(VENV.glob("lib/python*/site-packages/statpipe-*.dist-info")):
        _pip("uninstall", "--yes", "statpipe", environment=environment) or _fail()
    # The plugins are built by what the lock brought.
    editable = [word for project in PROJECTS for word in ("-e", str(project))]
    here = ("--no-deps", "--no-build-isolation", *editable)
    _pip("install", *here, environment=environment) or _fail()
    _check(level, environment)
    stamp.touch()
    UNFINISHED.unlink()


def _pip(*arguments: str, environment: dict[str, str]) -> bool:
    import subprocess

    command = [str(PYTHON), "-I", "-m", "pip", "-q", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def _fail() -> None:
    sys.exit("statpipe: pip failed, see above; run the same command again")


def _environment() -> dict[str, str]:
    """Return the variables for pip: the user's, with only those settings that say where from."""
    import ast
    import subprocess

    ours = ("PIP_", "PYTHON", "HATCH_", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # pip would obey these settings while we ask for them.
    asked = {**clean, **dict.fromkeys(("PIP_USER", "PIP_GLOBAL", "PIP_SITE", "PIP_QUIET"), "0")}
    asked["PIP_LOG"] = os.devnull
    if "PIP_CONFIG_FILE" in os.environ:
        asked["PIP_CONFIG_FILE"] = os.environ["PIP_CONFIG_FILE"]
    command = [str(PYTHON), "-I", "-m", "pip", "config", "list"]
    done = subprocess.run(command, env=asked, stdout=subprocess.PIPE, text=True, check=False)
    found: dict[str, str] = {}
    for section in ("global", "install"):
        for name, value in re.findall(rf"^{section}\.([\w-]+)=(.*)$", done.stdout, re.MULTILINE):
            found[name] = ast.literal_eval(value)
    for name, value in os.environ.items():
        if name.startswith("PIP_") and value:
            found[name[4:].lower().replace("_", "-")] = value
    kept = {name: value for name, value in found.items() if name in WHERE_FROM}
    settings = {f"PIP_{name.upper().replace('-', '_')}": value for name, value in kept.items()}
    return {
        **clean,
        **settings,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_ROOT_USER_ACTION": "ignore",
    }


def _check(level: str, environment: dict[str, str]) -> None:
    """Refuse a lock that lacks something. What else somebody installed is his own affair."""
    import subprocess
    import tomllib

    command = [str(PYTHON), "-I", "-m", "pip", "check"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == 0:
        return
    names = re.findall(r"^([\w.-]+)==", _lock(level).read_text("utf-8"), re.MULTILINE)
    for project in PROJECTS:
        names.append(
            tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]["name"]
        )
    ours = {_plain(name) for name in names}
    wrong = [line for line in done.stdout.splitlines() if _plain(line.split(" ")[0]) in ours]
    if wrong:
        sys.exit(
            "statpipe: requirements/{}.txt is not complete:\n{}".format(level, "\n".join(wrong))
        )


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _lock(level: str) -> Path:
    return ROOT / "requirements" / f"{level}.txt"


def _stamp(level: str) -> Path:
    """Name the environment by all that it is made from."""
    digest = hashlib.sha256()
    version = ROOT / "src" / "statpipe" / "__init__.py"
    for path in (Path(__file__), _lock(level), version, *(p / "pyproject.toml" for p in PROJECTS)):
        digest.update(path.read_bytes())
    return VENV / f"made-{level}-{digest.hexdigest()[:16]}"


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    with (ROOT / ".bootstrap.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    main()
