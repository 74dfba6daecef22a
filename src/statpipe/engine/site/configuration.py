"""The configuration file ``statpipe.toml``, its environments and references."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from statpipe.api import ConfigError, Environment
from statpipe.domain.nearest import nearest
from statpipe.engine.site.variables import read_variables

FILE = "statpipe.toml"
LOCAL = "local"
_TOP = ("environments", "sources", "normalizers", "checks", "notifiers", "engine")
_ENVIRONMENT = ("embedded", "sinks", "sources", "normalizers", "checks", "notifiers")


@frozen(kw_only=True)
class Configuration:
    """
    The configuration.

    ``path`` is the file, or ``None`` if there is none. ``home`` is the folder at which relative
    paths start. ``variables`` are the targets of ``${NAME}``: those of the process environment,
    then those of ``.env`` beside the file. Empty variables are left out.
    """

    path: Path | None
    home: Path
    document: Mapping[str, Any] = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)

    @property
    def shown(self) -> str:
        """
        The file's name for messages.
        """
        return str(self.path or FILE)

    @property
    def env_file(self) -> Path:
        """
        The file ``.env``, which need not exist.
        """
        return self.home / ".env"

    def environments(self) -> list[str]:
        """
        Return the names of all environments; ``local`` needs no configuration.
        """
        return sorted({LOCAL, *self.table("environments")})

    def environment(self, name: str, scratch: str | None = None) -> Environment:
        """
        Return an environment.

        :raises ConfigError: Nothing has this name.
        """
        declared = self.table("environments")
        if name not in declared and name != LOCAL:
            msg = (
                f"there is no environment {name!r}{nearest(name, self.environments())} (or declare it in "
                f"{self.shown} as [environments.{name}])"
            )
            raise ConfigError(msg)
        embedded = self.table("environments", name).get("embedded", name == LOCAL)
        if not isinstance(embedded, bool):
            msg = f"{self.shown}: environments.{name}.embedded is {embedded!r}; expected true or false"
            raise ConfigError(msg)
        return Environment(name=name, home=self.home, embedded=embedded, scratch=scratch)

    def sinks(self, environment: str) -> Mapping[str, Any] | None:
        """
        Return the sinks that an environment names, or ``None`` for the default ones.
        """
        return self.table("environments", environment).get("sinks")

    def sources(self, environment: str) -> list[str]:
        """
        Return the sources that have a table in the file, in its order: for all environments, then
        for this one.
        """
        own = self.table("environments", environment, "sources")
        return list({**self.table("sources"), **own})

    def settings(self, role: str, name: str, environment: str) -> tuple[dict[str, Any], str]:
        """
        Return the raw settings of a component, and their place for messages. The environment's
        settings take precedence over the general ones.
        """
        plural = f"{role}s"
        own = self.table("environments", environment, plural, name)
        general = {} if role == "sink" else dict(self.table(plural, name))
        if role == "source" and general.pop("use", None) is not None:
            general.pop("gold", None)  # both belong to the engine
        own = dict(own)
        if role == "source":
            general.pop("calendar", None)
            own.pop("calendar", None)
        place = f"environments.{environment}.{plural}.{name}" if own else f"{plural}.{name}"
        return {**general, **own}, place

    def table(self, *names: str) -> Mapping[str, Any]:
        """
        Return a table of the file, or an empty one if it does not exist.

        :raises ConfigError: It is not a table.
        """
        node: Any = self.document
        for depth, name in enumerate(names):
            node = node.get(name, {})
            if not isinstance(node, Mapping):
                place = ".".join(names[: depth + 1])
                raise ConfigError(f"{self.shown}: {place} is {node!r}; expected a table [{place}]")
        return node  # type: ignore[no-any-return]


def load_configuration(path: Path | None = None, folder: Path | None = None) -> Configuration:
    """
    Read the named file, or the nearest ``statpipe.toml`` from *folder* upwards, if there is one.

    :raises ConfigError: The named file does not exist, is not valid TOML, or has unknown keys.
    """
    folder = folder or Path.cwd()
    if path is None:
        candidates = [place / FILE for place in (folder, *folder.parents)]
        path = next((candidate for candidate in candidates if candidate.is_file()), None)
    document: dict[str, Any] = {}
    if path is not None:
        path = path.absolute()
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} is not valid TOML: {error}") from error
    home = path.parent if path else folder
    configuration = Configuration(
        path=path, home=home, document=document, variables=read_variables(home / ".env", os.environ)
    )
    _refuse_unknown_keys(configuration)
    return configuration


def _refuse_unknown_keys(configuration: Configuration) -> None:
    tables = [("", configuration.document, _TOP)]
    tables += [
        (f"environments.{name}.", configuration.table("environments", name), _ENVIRONMENT)
        for name in configuration.table("environments")
    ]
    for prefix, table, known in tables:
        for key in table:
            if key not in known:
                msg = f"{configuration.shown}: unknown key {prefix}{key}{nearest(key, known)}"
                raise ConfigError(msg)
